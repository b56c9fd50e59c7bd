"""Make the processes of dynamic providers and of d1 impatient, if this folder is on PYTHONPATH.

Python imports a module of this name before anything else, so the product needs no hook. Sleeps take a tenth of their
time, a response is waited for only 3 s, and 16 calls are served at a time instead of pulumi.dynamic's 4.
"""

from __future__ import annotations

import os
import sys
import time
from concurrent import futures
from datetime import timedelta
from typing import Any

SPEED = 10
"""The factor by which pauses are shortened: the 30 s of reading the ledger take 3 s."""

REQUEST_SECONDS = 3
IMPORT_SECONDS = 2
CALLS = 16


class _Wide(futures.ThreadPoolExecutor):
    """A pool for more calls than pulumi.dynamic serves."""

    def __init__(self, max_workers: int | None = None, *arguments: Any, **options: Any) -> None:
        super().__init__(max(max_workers or 0, CALLS), *arguments, **options)


if {"pulumi.dynamic", "pulumi_d1.cli"} & set(sys.orig_argv):
    _sleep = time.sleep
    vars(time).update(sleep=lambda seconds: _sleep(seconds / SPEED))

    from pulumi_d1.cloudflare import client, transfer

    _request_seconds = int(os.environ.get("IMPATIENT_REQUEST_SECONDS", REQUEST_SECONDS))
    vars(client).update(REQUEST_SECONDS=_request_seconds)
    vars(transfer).update(TRANSFER_TIMEOUT=timedelta(seconds=IMPORT_SECONDS))
    vars(futures).update(ThreadPoolExecutor=_Wide)
