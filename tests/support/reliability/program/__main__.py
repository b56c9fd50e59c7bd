"""A database with migrations for each folder beside this file that holds SQL."""

import os
from pathlib import Path

import pulumi

from pulumi_d1.migrations.folder import read_folder
from pulumi_d1.program.resources.database import D1Database
from pulumi_d1.program.resources.migrations import D1Migrations

ACCOUNT = os.environ["CLOUDFLARE_ACCOUNT_ID"]

for folder in sorted({file.parent for file in Path().glob("*/*.sql")}):
    about = {"accountId": ACCOUNT, "name": folder.name, "readReplication": {"mode": "disabled"}}
    database = D1Database(folder.name, about, pulumi.ResourceOptions())
    D1Migrations(
        folder.name,
        files=read_folder(folder),
        inputs={
            "account_id": ACCOUNT,
            "database_id": database.id,
            "database_name": folder.name,
            "migrations_dir": str(folder),
            "migrations_pattern": "",
            "migrations_table": "d1_migrations",
            "retention_days": 30,
            "on_failure": "stop",
            "policy": {},
        },
    )
