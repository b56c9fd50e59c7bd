CREATE TABLE "_prisma_migrations" (
    "id"                    TEXT PRIMARY KEY NOT NULL,
    "checksum"              TEXT NOT NULL,
    "finished_at"           DATETIME,
    "migration_name"        TEXT NOT NULL,
    "logs"                  TEXT,
    "rolled_back_at"        DATETIME,
    "started_at"            DATETIME NOT NULL DEFAULT current_timestamp,
    "applied_steps_count"   INTEGER UNSIGNED NOT NULL DEFAULT 0
);
INSERT INTO "_prisma_migrations" VALUES('c7ccb78c-66f0-4790-8cc2-78c6f6cf819b','2b461bcb30f9abf929a3db99a256514c5990985373f586edc82ffc81e3304c5a','2026-11-29T23:53:52.785+00:00','20251129120000_create_users',NULL,NULL,'2026-11-29T23:53:52.743+00:00',1);
INSERT INTO "_prisma_migrations" VALUES('6b712c04-e0a9-4f99-a824-69ad91a9c31b','d41b6ec444287beca87f8cb936d8abb5762f1edf39d4667157e1101a5b1c4fdd','2026-11-29T23:53:52.861+00:00','20251130090000_email_is_unique',NULL,NULL,'2026-11-29T23:53:52.805+00:00',1);
CREATE TABLE users (
	id integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	email text NOT NULL
);
CREATE UNIQUE INDEX users_email_unique ON users (email);
