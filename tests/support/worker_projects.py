"""Worker and Pages projects in the layouts of public repositories, and what `d1 init` should make of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

A, B, C = (f"{digit}b4f2c86-0c0e-4a5b-9d3c-6f1f0c1a9e52" for digit in "123")
CHECK: Final = 'compatibility_date = "2026-01-01"\nmain = "src/index.js"\n'
TABLE: Final = "CREATE TABLE t (id INTEGER PRIMARY KEY);\n"


@dataclass(frozen=True)
class WorkerProject:
    """A project, and the stacks that it should get.

    Attributes:
        files: The text of each file, by path. The first one is the wrangler configuration.
        stacks: The wrangler environment of each stack.
        adopted: The database that each stack adopts, by stack.
        protected: The stacks of production.
        printed: Parts of the output.
        keys: Keys of Pulumi.yaml.
        options: Options of `d1 init`.
    """

    files: Mapping[str, str]
    stacks: Mapping[str, str]
    adopted: Mapping[str, str] = field(default_factory=dict)
    protected: tuple[str, ...] = ("prod",)
    printed: tuple[str, ...] = ()
    keys: Mapping[str, str] = field(default_factory=dict)
    options: tuple[str, ...] = ()

    @property
    def configuration(self) -> str:
        """The path of the wrangler configuration."""
        return next(iter(self.files))


def toml(*entries: str, name: str = "shop", head: str = CHECK) -> dict[str, str]:
    """Return a wrangler.toml with these blocks."""
    return {"wrangler.toml": f'name = "{name}"\n{head}\n' + "\n".join(entries)}


def entry(database: str, id_: str = "", environment: str = "", binding: str = "DB", more: str = "") -> str:
    """Return the block of a database."""
    table = f"env.{environment}.d1_databases" if environment else "d1_databases"
    id_line = f'database_id = "{id_}"\n' if id_ else ""
    return f'[[{table}]]\nbinding = "{binding}"\ndatabase_name = "{database}"\n{id_line}{more}'


PAGES = 'compatibility_date = "2026-01-01"\npages_build_output_dir = "dist"\n'
JSONC = """\
{
  // made by npm create cloudflare
  "$schema": "node_modules/wrangler/config-schema.json",
  "name": "shop", "main": "src/index.ts", "compatibility_date": "2026-01-01",
  "d1_databases": [
    { "binding": "DB", "database_name": "shop", "database_id": "<YOUR_DATABASE_ID>", /* fill in */ },
  ],
  "vars": { "A": "1" },
}
"""

PROJECTS: Final = {
    "no D1 at all": WorkerProject(
        toml(),
        {"dev": "top-level", "prod": "production"},
        printed=("wrangler.toml has no D1 database; dev and prod each get a new one",),
    ),
    "one database": WorkerProject(
        toml(entry("orders", A)),
        {"dev": "dev", "prod": "top-level"},
        {"prod": A},
        printed=("assumed, because no name shows its purpose", "--top-level NAME"),
    ),
    "one test database": WorkerProject(
        toml(entry("orders_test", A)), {"dev": "top-level", "prod": "production"}, {"dev": A}
    ),
    "one main database": WorkerProject(toml(entry("main-db", A)), {"dev": "dev", "prod": "top-level"}, {"prod": A}),
    "top level and production": WorkerProject(
        toml(entry("shop", A), entry("shop-prod", B, "production")),
        {"dev": "top-level", "prod": "production"},
        {"dev": A, "prod": B},
    ),
    "top level, development and production, shared": WorkerProject(
        toml(entry("shop-dev", A), entry("shop-dev", A, "development"), entry("shop", B, "production")),
        {"dev": "development", "prod": "production"},
        {"dev": A, "prod": B},
        printed=("'DB' in 'd1_databases' stays as it is: it names the database of stack dev",),
    ),
    "top level, development and production, placeholder": WorkerProject(
        toml(entry("shop", "local"), entry("shop", A, "development"), entry("shop", B, "production")),
        {"dev": "development", "prod": "production"},
        {"dev": A, "prod": B},
        printed=(
            "'DB' in 'd1_databases' stays as it is: no stack manages it",
            "wrangler.toml:8: 'DB' in 'd1_databases': 'local' is not an id",
        ),
    ),
    "top level, development and production, each its own": WorkerProject(
        toml(entry("shop", A), entry("shop", B, "development"), entry("shop", C, "production")),
        {"default": "top-level", "dev": "development", "prod": "production"},
        {"default": A, "dev": B, "prod": C},
        printed=("assumed, because development has a database for the stack 'dev'; --top-level NAME",),
    ),
    "top level, staging and production": WorkerProject(
        toml(entry("shop-dev", A), entry("shop-staging", B, "staging"), entry("shop-live", C, "production")),
        {"dev": "top-level", "prod": "production", "staging": "staging"},
        {"dev": A, "staging": B, "prod": C},
    ),
    "test and mainnet": WorkerProject(
        toml(entry("test-db", A), entry("mainnet-db", B, "mainnet")),
        {"dev": "top-level", "prod": "mainnet"},
        {"dev": A, "prod": B},
    ),
    "testnet and mainnet without a top level": WorkerProject(
        toml(entry("indexer-testnet", A, "testnet"), entry("indexer", B, "mainnet")),
        {"dev": "top-level", "prod": "mainnet", "testnet": "testnet"},
        {"testnet": A, "prod": B},
    ),
    "production by the name of its database": WorkerProject(
        toml(entry("shop_dev", A), entry("shop_prod", B, "release")),
        {"dev": "top-level", "prod": "release"},
        {"dev": A, "prod": B},
    ),
    "two regions of production": WorkerProject(
        toml(entry("shop-dev", A), entry("shop-eu", B, "prod-eu"), entry("shop-us", C, "prod-us")),
        {"dev": "top-level", "prod": "prod-eu", "prod-us": "prod-us"},
        {"dev": A, "prod": B, "prod-us": C},
        protected=("prod", "prod-us"),
        printed=("assumed, because prod-eu and prod-us could both be production; --production NAME",),
    ),
    "another region of production": WorkerProject(
        toml(entry("shop-dev", A), entry("shop-eu", B, "prod-eu"), entry("shop-us", C, "prod-us")),
        {"dev": "top-level", "prod": "prod-us", "prod-eu": "prod-eu"},
        {"dev": A, "prod": C, "prod-eu": B},
        protected=("prod", "prod-eu"),
        options=("--production", "prod-us"),
    ),
    "top level and production share": WorkerProject(
        toml(entry("shop", A), entry("shop", A, "production")),
        {"dev": "top-level", "prod": "production"},
        {"prod": A},
        printed=(
            "a new database, once 'DB' in 'd1_databases' no longer names the database of another stack",
            "pulumi config set wranglerEnvironment dev --stack dev",
        ),
    ),
    "a placeholder with comments": WorkerProject(
        {"wrangler.jsonc": JSONC},
        {"dev": "top-level", "prod": "production"},
        printed=(
            "wrangler.jsonc:6: 'DB' in 'd1_databases': '<YOUR_DATABASE_ID>' is not an id; 'pulumi up --stack dev' ",
            "assumed, because no name shows its purpose, and it has no id yet",
            "env.production will have no vars: wrangler's environments do not inherit them",
            "to avoid env.production, give production the top level: d1 init --top-level prod",
        ),
    ),
    "an environment without its database": WorkerProject(
        toml(entry("shop", A), '[env.production.vars]\nA = "1"\n'),
        {"dev": "top-level", "prod": "production"},
        {"dev": A},
        printed=("assumed, because production has no database, and inherits none",),
    ),
    "bindings with other names": WorkerProject(
        toml(entry("shop-dev", A, binding="DEV_DB"), entry("shop-prod", B, "production", "PROD_DB")),
        {"dev": "top-level", "prod": "production"},
        {"dev": A, "prod": B},
    ),
    "Pages, one database": WorkerProject(
        toml(entry("site", A), head=PAGES),
        {"dev": "preview", "prod": "top-level"},
        {"prod": A},
        printed=("assumed, because no name shows its purpose",),
    ),
    "Pages, preview and production": WorkerProject(
        toml(entry("site-dev", A, "preview"), entry("site", B, "production"), head=PAGES),
        {"dev": "preview", "prod": "production"},
        {"dev": A, "prod": B},
    ),
    "Pages, top level and production": WorkerProject(
        toml(entry("site-dev", A), entry("site", B, "production"), head=PAGES),
        {"dev": "top-level", "prod": "production"},
        {"dev": A, "prod": B},
    ),
    "Pages, all three": WorkerProject(
        toml(entry("site", A), entry("site", B, "preview"), entry("site", A, "production"), head=PAGES),
        {"dev": "preview", "prod": "production"},
        {"dev": B, "prod": A},
    ),
    "Pages without D1": WorkerProject(
        toml('[vars]\nA = "1"\n', head=PAGES),
        {"dev": "preview", "prod": "top-level"},
        printed=("env.preview will have no vars", "wranglerEnvironment none --stack dev"),
    ),
    "Drizzle": WorkerProject(
        {
            **toml(entry("shop-prod", A)),
            "drizzle.config.ts": "export default defineConfig({\n  // out: './old',\n  out: \"./db/sql\",\n"
            "  dialect: 'sqlite', driver: 'd1-http',\n});\n",
            "db/sql/0000_first.sql": TABLE,
            "db/sql/meta/_journal.json": "{}",
        },
        {"dev": "dev", "prod": "top-level"},
        {"prod": A},
        keys={"migrationsDir": "db/sql"},
    ),
    "Drizzle for two databases": WorkerProject(
        {
            **toml(entry("shop-prod", A)),
            "drizzle.config.ts": "export default { out: './pg', dialect: 'postgresql' };\n",
            "drizzle.d1.config.ts": "export default { out: './d1', dialect: 'sqlite', driver: 'd1-http' };\n",
            "pg/0000_a.sql": TABLE,
            "d1/0000_a.sql": TABLE,
        },
        {"dev": "dev", "prod": "top-level"},
        {"prod": A},
        keys={"migrationsDir": "d1"},
    ),
    "Drizzle in folders": WorkerProject(
        {
            **toml(entry("shop-prod", A)),
            "drizzle.config.json": '{"dialect": "sqlite", "out": "./drizzle/d1"}\n',
            "drizzle/d1/20260101120000_first/migration.sql": TABLE,
        },
        {"dev": "dev", "prod": "top-level"},
        {"prod": A},
        keys={"migrationsDir": "drizzle/d1", "migrationsPattern": "drizzle/d1/*/migration.sql"},
    ),
    "Prisma": WorkerProject(
        {
            **toml(entry("shop-prod", A)),
            "package.json": '{"name": "shop", "prisma": {"schema": "db/schema.prisma"}}\n',
            "db/schema.prisma": "",
            "db/migrations/20260101120000_first/migration.sql": TABLE,
            "db/migrations/migration_lock.toml": 'provider = "sqlite"\n',
        },
        {"dev": "dev", "prod": "top-level"},
        {"prod": A},
        keys={"migrationsDir": "db/migrations", "migrationsPattern": "db/migrations/*/migration.sql"},
    ),
    "Prisma's configuration": WorkerProject(
        {
            **toml(entry("shop-prod", A)),
            "prisma.config.ts": "export default defineConfig({\n  schema: 'prisma/schema.prisma',\n"
            "  migrations: {\n    path: 'db/steps',\n  },\n});\n",
            "db/steps/20260101120000_first/migration.sql": TABLE,
        },
        {"dev": "dev", "prod": "top-level"},
        {"prod": A},
        keys={"migrationsDir": "db/steps", "migrationsPattern": "db/steps/*/migration.sql"},
    ),
    "a folder that is already right": WorkerProject(
        {**toml(entry("shop-prod", A, more='migrations_dir = "./migrations"\n')), "migrations/0001_a.sql": TABLE},
        {"dev": "dev", "prod": "top-level"},
        {"prod": A},
    ),
    "two Workers with one database": WorkerProject(
        {
            "apps/api/wrangler.toml": toml(entry("shop-dev", A), entry("shop", B, "production"))["wrangler.toml"],
            "apps/api/migrations/0001_a.sql": TABLE,
            "apps/jobs/wrangler.toml": toml(
                entry("shop-dev", A, binding="JOBS"), entry("shop", B, "live", "JOBS"), entry("log", C, binding="LOG")
            )["wrangler.toml"],
        },
        {"dev": "top-level", "prod": "production"},
        {"dev": A, "prod": B},
        printed=("assumed: the database is managed from apps/api/wrangler.toml; --config FILE chooses another",),
        keys={"migrationsDir": "apps/api/migrations", "wranglerConfig": "apps/api/wrangler.toml"},
    ),
    "a monorepo": WorkerProject(
        {
            "apps/api/wrangler.toml": toml(entry("shop-prod", A))["wrangler.toml"],
            "apps/web/wrangler.toml": toml(name="web")["wrangler.toml"],
            "packages/db/drizzle.config.ts": "export default { out: './sql', dialect: 'sqlite' };\n",
            "packages/db/sql/0000_a.sql": TABLE,
            "node_modules/x/wrangler.toml": toml(entry("x", B))["wrangler.toml"],
        },
        {"dev": "dev", "prod": "top-level"},
        {"prod": A},
        printed=("assumed: the configuration is apps/api/wrangler.toml; --config FILE chooses another",),
        keys={"migrationsDir": "packages/db/sql", "wranglerConfig": "apps/api/wrangler.toml"},
    ),
}
