"""Our runner alone: from reading the folder to the verification, as the Pulumi provider calls it.

Run as `python -m bench.ours FOLDER DATABASE_ID`; account and token come from the environment. Prints, as JSON, the
seconds that it took without the start of Python and the imports, and of these the seconds of the review.
"""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path

from pulumi_d1.system.garbage import lasting

with lasting():
    from pulumi_d1.cloudflare.database import connect
    from pulumi_d1.migrations.folder import read_folder
    from pulumi_d1.migrations.review.review import review_database
    from pulumi_d1.migrations.run.progress import RunTarget
    from pulumi_d1.migrations.run.runner import apply


def main() -> None:
    """Applies what is pending."""
    started = time.perf_counter()
    folder, database_id = sys.argv[1:]
    database = connect(os.environ["CLOUDFLARE_ACCOUNT_ID"], database_id)
    target = RunTarget("shop", folder, "d1_migrations")
    files = read_folder(Path(folder))
    before = time.perf_counter()
    reviewed = review_database(database, files, target.table, {})
    reviewing = time.perf_counter() - before
    apply(database, reviewed, target)
    print(json.dumps({"seconds": time.perf_counter() - started, "review": reviewing}))


if __name__ == "__main__":
    main()
