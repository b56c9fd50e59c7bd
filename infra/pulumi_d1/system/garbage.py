"""Python's garbage collector, kept away from imported modules.

It would scan them several times during the imports and once at the end of the process. That takes longer than the
imports of this package.
"""

from __future__ import annotations

import gc
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def frozen_imports() -> Iterator[None]:
    """Exclude every object that exists at the end of the block from garbage collection."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        if enabled:
            gc.enable()
