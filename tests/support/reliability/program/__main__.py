"""A database with migrations for each folder beside this file that holds SQL."""

import os
from datetime import timedelta
from pathlib import Path

import pulumi

from pulumi_d1.migrations.folder import read_folder
from pulumi_d1.migrations.quarantine import NONE
from pulumi_d1.migrations.run.options import RunOptions
from pulumi_d1.program.resources.database import D1Database
from pulumi_d1.program.resources.migrations import D1Migrations

ACCOUNT = os.environ["CLOUDFLARE_ACCOUNT_ID"]
IMPORT_TIMEOUT = timedelta(seconds=2)

for folder in sorted({file.parent for file in Path().glob("*/*.sql")}):
    about = {"accountId": ACCOUNT, "name": folder.name, "readReplication": {"mode": "disabled"}}
    database = D1Database(folder.name, about, pulumi.ResourceOptions())
    D1Migrations(
        folder.name,
        database={
            "account_id": ACCOUNT,
            "database_id": database.id,
            "database_name": folder.name,
            "migrations_table": "d1_migrations",
        },
        files=read_folder(folder),
        folder=str(folder),
        pattern="",
        options=RunOptions(import_timeout=IMPORT_TIMEOUT),
        quarantine=NONE,
    )
