CREATE TABLE "__drizzle_migrations" (
			id SERIAL PRIMARY KEY,
			hash text NOT NULL,
			created_at numeric
		);
INSERT INTO "__drizzle_migrations" VALUES(NULL,'3a9528d066fce98c744d35c1f18e81db1665662fe4f43fc1a490ca886bfd8ef7',1795996315694);
INSERT INTO "__drizzle_migrations" VALUES(NULL,'1ef58acf36cfc1da3d6cfa084756626cae61df58abe1ac5c326afb44db0ed693',1795996319745);
CREATE TABLE `users` (
	`id` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`email` text NOT NULL
);
CREATE INDEX `users_email` ON `users` (`email`);
