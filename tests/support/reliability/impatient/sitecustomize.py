"""Makes processes impatient, where this folder is on PYTHONPATH: those that serve dynamic providers, and those of d1.

Python imports a module of this name before anything else, so the product needs no hook for it. In those a second
of sleep is a tenth of one, an answer is waited for 3 s, and 16 calls are served at a time, where pulumi.dynamic has 4.
"""

from __future__ import annotations

import os
import sys
import time
from concurrent import futures
from datetime import timedelta
from typing import Any

SPEED = 10
"""How many times as fast pauses pass: the 30 s in which the ledger is asked are 3 s."""

REQUEST_SECONDS = 3
IMPORT_SECONDS = 2
CALLS = 16


class _Wide(futures.ThreadPoolExecutor):
    """A pool for more calls than pulumi.dynamic asks for."""

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
