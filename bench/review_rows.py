"""One review of pending files on the rows of a database.

Run as `python -m bench.review_rows FOLDER DATABASE_ID ROWS LIMIT_MB`; account and token come from the environment.
Prints, as JSON, the seconds of the review, its basis, and the peak memory of the process that rehearsed.
"""

from __future__ import annotations

import json
import os
import resource
import sys
import time
from pathlib import Path

from pulumi_d1.cloudflare.database import connect
from pulumi_d1.migrations.folder import read_folder
from pulumi_d1.migrations.rehearsal.process import WORKERS
from pulumi_d1.migrations.rehearsal.rows.options import RehearsalOptions, RowsMode
from pulumi_d1.migrations.review.review import review_database

_KIB_PER_MB = 1_000_000 / 1024


def main() -> None:
    """Review the files."""
    folder, database_id, rows, limit = sys.argv[1:]
    database = connect(os.environ["CLOUDFLARE_ACCOUNT_ID"], database_id)
    options = RehearsalOptions(RowsMode(rows), int(limit))
    files = read_folder(Path(folder))
    started = time.perf_counter()
    review = review_database(database, files, "d1_migrations", {}, options=options)
    seconds = time.perf_counter() - started
    assert review.rehearsal, review.obstacle  # noqa: S101 - a failure must not be timed
    assert not review.rehearsal.refusal, review.rehearsal.refusal  # noqa: S101 - nor half a rehearsal
    WORKERS.end()
    peak_mb = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / _KIB_PER_MB
    print(json.dumps({"seconds": seconds, "basis": review.basis, "peak_mb": peak_mb}))


if __name__ == "__main__":
    main()
