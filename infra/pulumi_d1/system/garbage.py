"""Python's garbage collector, told what there is no garbage in.

It looks through all that is imported several times while that goes on, and once more when the process ends, which takes
longer than the imports of this project.
"""

from __future__ import annotations

import gc
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def lasting() -> Iterator[None]:
    """What is made in the block, or was before, lives as long as the process: no collection looks at it."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        if enabled:
            gc.enable()
