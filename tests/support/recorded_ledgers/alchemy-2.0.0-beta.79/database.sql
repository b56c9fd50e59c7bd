CREATE TABLE "__alchemy_migrations" (
  id INTEGER PRIMARY KEY,
  hash text NOT NULL,
  created_at numeric,
  name text,
  applied_at TEXT
);
INSERT INTO "__alchemy_migrations" VALUES(1,'2b461bcb30f9abf929a3db99a256514c5990985373f586edc82ffc81e3304c5a',NULL,'0000_create_users.sql','2026-11-29 23:51:32');
INSERT INTO "__alchemy_migrations" VALUES(2,'d41b6ec444287beca87f8cb936d8abb5762f1edf39d4667157e1101a5b1c4fdd',NULL,'0001_email_is_unique.sql','2026-11-29 23:51:32');
CREATE TABLE users (
	id integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	email text NOT NULL
);
CREATE UNIQUE INDEX users_email_unique ON users (email);
