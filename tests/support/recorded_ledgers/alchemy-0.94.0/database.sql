CREATE TABLE d1_migrations (
      id TEXT PRIMARY KEY,
      name TEXT NOT NULL,
      applied_at TEXT NOT NULL
    );
INSERT INTO "d1_migrations" VALUES('00001','0000_create_users.sql','2026-11-29 23:51:10');
INSERT INTO "d1_migrations" VALUES('00002','0001_email_is_unique.sql','2026-11-29 23:51:10');
CREATE TABLE users (
	id integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	email text NOT NULL
);
CREATE UNIQUE INDEX users_email_unique ON users (email);
