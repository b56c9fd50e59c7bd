"""One step of a backup in a process of its own: `python -m bench.backup_step FOLDER STEP DATABASE`."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from pulumi_d1.backups.create import BackupSource, create_backup
from pulumi_d1.backups.folder import Folder
from pulumi_d1.backups.place import LATEST, find_backup
from pulumi_d1.backups.restore import NewDatabase, load_new, script_of
from pulumi_d1.backups.verify import opened, verify_backup
from pulumi_d1.cloudflare.account import connect_account

NAME = "shop"


def main() -> None:
    """Run the step that the arguments name."""
    folder, step, database = sys.argv[1:]
    place, account = Folder(Path(folder)), connect_account(os.environ["CLOUDFLARE_ACCOUNT_ID"])
    if step == "create":
        create_backup(BackupSource(account.database(database), NAME, "d1_migrations"), place)
        return
    name = find_backup(place, LATEST, NAME)
    if step == "verify":
        verify_backup(place, name)
    else:
        with opened(place, name) as backup:
            load_new(account, NewDatabase(database), script_of(backup, name), "", place.workspace)


if __name__ == "__main__":
    main()
