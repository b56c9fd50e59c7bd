CREATE TABLE _hub_migrations (
  id         INTEGER PRIMARY KEY AUTOINCREMENT,
  name       TEXT UNIQUE,
  applied_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP NOT NULL
);
INSERT INTO "_hub_migrations" VALUES(1,'0000_create_users','2026-11-29 23:53:18');
INSERT INTO "_hub_migrations" VALUES(2,'0001_email_is_unique','2026-11-29 23:53:18');
CREATE TABLE users (
	id integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	email text NOT NULL
);
CREATE UNIQUE INDEX users_email_unique ON users (email);
