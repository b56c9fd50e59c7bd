#!/bin/sh
# Record the ledgers of other tools anew, with the tools themselves, in the folders beside this script:
#
#     sh tests/support/recorded_ledgers/record.sh
#
# Needs npm, Node.js 22, Python 3 and the `d1` of .venv. Each folder has the migrations and a dump of the database that the
# tool of this name and version made of them. Takes about 5 minutes, most of them in npm.
set -eu

out=$(cd "$(dirname "$0")" && pwd)
d1=$out/../../../.venv/bin/d1
work=$(mktemp -d)
trap 'test -z "${emulator:-}" || kill "$emulator"; rm -rf "$work"' EXIT
cd "$work"
export CHECKPOINT_DISABLE=1 DO_NOT_TRACK=1 ALCHEMY_TELEMETRY_DISABLED=1 NPM_CONFIG_LOGLEVEL=error NPM_CONFIG_AUDIT=false

users="CREATE TABLE users (
	id integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	email text NOT NULL
);"
index="CREATE UNIQUE INDEX users_email_unique ON users (email);"

start() { # NAME: an empty folder for a tool, and one for its record
	mkdir "$work/$1" && cd "$work/$1"
	rm -rf "${out:?}/$1" && mkdir -p "$out/$1/migrations"
}

flat() { # FOLDER: two files as most tools name them
	mkdir -p "$1"
	echo "$users" >"$1/0000_create_users.sql"
	echo "$index" >"$1/0001_email_is_unique.sql"
}

finish() { # NAME DATABASE MIGRATIONS: keep both
	cp -R "$3/." "$out/$1/migrations"
	python3 - "$2" >"$out/$1/database.sql" <<-'PYTHON'
		import sqlite3, sys
		for line in sqlite3.connect(sys.argv[1]).iterdump():
		    if not any(word in line for word in ("BEGIN", "COMMIT", "_cf_KV", "sqlite_sequence")):
		        print(line)
	PYTHON
}

# Alchemy 0: its resource, on the emulator.
start alchemy-0.94.0
npm init --yes >/dev/null
npm install alchemy@0.94.0
flat migrations
"$d1" emulator --port 18791 >emulator.log 2>&1 &
emulator=$!
sleep 5
eval "$(grep ^export emulator.log)"
cat >run.mjs <<'SCRIPT'
import alchemy from "alchemy";
import { D1Database } from "alchemy/cloudflare";
const app = await alchemy("recording", { stage: "prod", password: "none", quiet: true });
await D1Database("db", { name: "recording", migrationsDir: "migrations" });
await app.finalize();
SCRIPT
node run.mjs
finish alchemy-0.94.0 .d1/emulator/*/*/segments/00000001.sqlite migrations
kill "$emulator" && emulator=

# Alchemy 2: its module that applies migrations, on a SQLite file. The rest of it needs Cloudflare.
start alchemy-2.0.0-beta.79
npm init --yes >/dev/null
npm install --save-exact effect@4.0.0-rc.115
npm pack --silent alchemy@2.0.0-beta.79 | xargs tar xzf
flat migrations
mkdir SQL && echo '{"type": "module"}' >SQL/package.json
cp -R package/lib/SQL/Migrations package/lib/SQL/SqlFile.js SQL
cat >run.mjs <<'SCRIPT'
import fs from "node:fs";
import { DatabaseSync } from "node:sqlite";
import * as Effect from "effect/Effect";
import * as FileSystem from "effect/FileSystem";
import * as Layer from "effect/Layer";
import * as Path from "effect/Path";
import { ALCHEMY_DEFAULT_TABLE, applyAlchemyFormat } from "./SQL/Migrations/AlchemyFormat.js";
import { readFlatRecords } from "./SQL/Migrations/Records.js";
const database = new DatabaseSync("record.db");
const executor = {
  dialect: "sqlite",
  query: (sql) => Effect.sync(() => database.prepare(sql).all()),
  batch: (statements) => Effect.sync(() => database.exec(statements.join("\n"))),
};
const files = FileSystem.layerNoop({
  readDirectory: (folder) => Effect.sync(() => fs.readdirSync(folder)),
  readFileString: (file) => Effect.sync(() => fs.readFileSync(file, "utf8")),
});
const run = Effect.gen(function* () {
  const records = yield* readFlatRecords("migrations");
  yield* applyAlchemyFormat({ executor, table: ALCHEMY_DEFAULT_TABLE, records });
});
await Effect.runPromise(run.pipe(Effect.provide(Layer.merge(Path.layer, files))));
SCRIPT
node run.mjs
finish alchemy-2.0.0-beta.79 record.db migrations

# Drizzle 0 and 1: drizzle-kit generates and applies the files.
for version in 0.31.11 1.0.0-rc.5-ab785fc; do
	start "drizzle-kit-$version"
	npm init --yes >/dev/null
	case $version in
	0.*) npm install drizzle-kit@$version drizzle-orm@0.45.4 @libsql/client ;;
	*) npm install drizzle-kit@$version drizzle-orm@$version @libsql/client ;;
	esac
	cat >drizzle.config.ts <<'SCRIPT'
export default { dialect: "sqlite", schema: "./schema.ts", out: "./drizzle", dbCredentials: { url: "file:./record.db" } };
SCRIPT
	cat >schema.ts <<'SCRIPT'
import { index, integer, sqliteTable, text } from "drizzle-orm/sqlite-core";
export const users = sqliteTable("users", { id: integer().primaryKey({ autoIncrement: true }), email: text().notNull() });
SCRIPT
	npx drizzle-kit generate --name create_users
	sed -i 's/ });/ }, (table) => [index("users_email").on(table.email)]);/' schema.ts
	sleep 1 # the names have seconds
	npx drizzle-kit generate --name email_has_an_index
	npx drizzle-kit migrate
	rm -rf drizzle/meta drizzle/*/snapshot.json
	finish "drizzle-kit-$version" record.db drizzle
done

# NuxtHub: its module that applies migrations, on a SQLite file.
start nuxthub-core-0.10.8
npm init --yes >/dev/null
npm install drizzle-orm@0.45.4 @libsql/client unstorage consola pathe
npm pack --silent @nuxthub/core@0.10.8 | xargs tar xzf
flat data/db/migrations
cp -R package/dist/db/lib lib
cat >run.mjs <<'SCRIPT'
import { drizzle } from "drizzle-orm/libsql";
import { applyDatabaseMigrations } from "./lib/migrations.mjs";
await applyDatabaseMigrations({ dir: "data", db: { dialect: "sqlite" } }, drizzle("file:./record.db"));
SCRIPT
node run.mjs
finish nuxthub-core-0.10.8 record.db data/db/migrations

# Prisma: `prisma migrate deploy`, with its engine in WebAssembly. It looks for two native engines and uses neither.
start prisma-6.19.3
npm init --yes >/dev/null
npm install prisma@6.19.3 @prisma/adapter-libsql@6.19.3
mkdir -p prisma/migrations/20251129120000_create_users prisma/migrations/20251130090000_email_is_unique
echo "$users" >prisma/migrations/20251129120000_create_users/migration.sql
echo "$index" >prisma/migrations/20251130090000_email_is_unique/migration.sql
echo 'provider = "sqlite"' >prisma/migrations/migration_lock.toml
printf 'datasource db {\n  provider = "sqlite"\n  url      = "file:./unused.db"\n}\n' >prisma/schema.prisma
cat >prisma.config.ts <<'SCRIPT'
import { PrismaLibSQL } from "@prisma/adapter-libsql";
export default {
  schema: "prisma/schema.prisma",
  experimental: { adapter: true },
  engine: "js",
  adapter: async () => new PrismaLibSQL({ url: "file:./record.db" }),
};
SCRIPT
PRISMA_QUERY_ENGINE_LIBRARY=/bin/true PRISMA_SCHEMA_ENGINE_BINARY=/bin/true npx prisma migrate deploy
rm prisma/migrations/migration_lock.toml
finish prisma-6.19.3 record.db prisma/migrations

# Alembic: the database from `alembic upgrade`, the files from `alembic upgrade --sql`.
start alembic-1.20.1
python3 -m venv venv
venv/bin/pip install --quiet alembic==1.20.1
venv/bin/alembic init alembic
sed -i 's|^sqlalchemy.url.*|sqlalchemy.url = sqlite:///record.db|' alembic.ini
venv/bin/alembic revision --rev-id 1975ea83b712 -m "create users"
venv/bin/alembic revision --rev-id ae1027a6acf1 -m "email is unique"
id='sa.Column("id", sa.Integer, primary_key=True)'
sed -i "0,/    pass/s//    op.create_table('users', $id, sa.Column('email', sa.Text, nullable=False))/" alembic/versions/1975*.py
sed -i "0,/    pass/s//    op.create_index('users_email_unique', 'users', ['email'], unique=True)/" alembic/versions/ae10*.py
venv/bin/alembic upgrade head
mkdir migrations
venv/bin/alembic upgrade 1975ea83b712 --sql >migrations/0001_create_users.sql
venv/bin/alembic upgrade 1975ea83b712:ae1027a6acf1 --sql >migrations/0002_email_is_unique.sql
finish alembic-1.20.1 record.db migrations
