"""What a Pulumi program imports: `from pulumi_d1 import D1Environment, stack_settings`.

The one public name. Everything behind it is `infra`, whose dotted paths stand in Pulumi states: see
docs/adr/0012-the-wheel.md.
"""

import sys

try:
    from infra.collector import lasting

    with lasting():
        from infra.program.environment import D1Environment
        from infra.program.stack_settings import stack_settings
        from infra.settings import Settings
except ModuleNotFoundError as error:
    theirs = sys.modules.get("infra")
    if theirs is None or not str(error.name).startswith("infra."):
        raise
    raise ImportError(
        f"{theirs.__file__} hides the package infra of pulumi-d1, since the program's own folder comes first: "
        "rename it, or give the Pulumi program a folder of its own, as 'd1 init --dir' does"
    ) from None

__all__ = ["D1Environment", "Settings", "stack_settings"]
