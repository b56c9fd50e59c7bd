CREATE TABLE alembic_version (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);
INSERT INTO "alembic_version" VALUES('ae1027a6acf1');
CREATE TABLE users (
	id INTEGER NOT NULL, 
	email TEXT NOT NULL, 
	PRIMARY KEY (id)
);
CREATE UNIQUE INDEX users_email_unique ON users (email);
