"""Our runner alone: from reading the folder to the verification, as the Pulumi provider calls it.

Run as `python -m bench.apply_pending FOLDER DATABASE_ID`; account and token come from the environment. Prints, as JSON,
the seconds that it took without the start of Python and the imports, and the seconds of the review alone.
"""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path

from pulumi_d1.system.garbage import frozen_imports

with frozen_imports():
    from pulumi_d1.cloudflare.database import connect
    from pulumi_d1.migrations.folder import read_folder
    from pulumi_d1.migrations.review.review import review_database
    from pulumi_d1.migrations.run.progress import RunTarget
    from pulumi_d1.migrations.run.runner import apply


def main() -> None:
    """Apply the pending files."""
    started = time.perf_counter()
    folder, database_id = sys.argv[1:]
    database = connect(os.environ["CLOUDFLARE_ACCOUNT_ID"], database_id)
    target = RunTarget("shop", folder, "d1_migrations")
    files = read_folder(Path(folder))
    review_started = time.perf_counter()
    review = review_database(database, files, target.table, {})
    review_seconds = time.perf_counter() - review_started
    apply(database, review, target)
    print(json.dumps({"seconds": time.perf_counter() - started, "review": review_seconds}))


if __name__ == "__main__":
    main()
