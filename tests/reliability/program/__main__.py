"""A database with migrations for each folder beside this file that holds SQL."""

import os
from pathlib import Path

import pulumi_cloudflare as cloudflare

from infra.migrations.folder import read_folder
from infra.program.migrations import D1Migrations

for folder in sorted({file.parent for file in Path().glob("*/*.sql")}):
    database = cloudflare.D1Database(
        folder.name,
        account_id=os.environ["CLOUDFLARE_ACCOUNT_ID"],
        name=folder.name,
        read_replication=cloudflare.D1DatabaseReadReplicationArgs(mode="disabled"),
    )
    D1Migrations(
        folder.name,
        files=read_folder(folder),
        inputs={
            "account_id": database.account_id,
            "database_id": database.id,
            "database_name": database.name,
            "migrations_dir": str(folder),
            "migrations_table": "d1_migrations",
            "retention_days": 30,
            "on_failure": "stop",
            "policy": {},
        },
    )
