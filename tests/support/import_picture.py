"""The picture of the imports in docs/architecture.md, from the list in tests/unit/test_layers.py.

Run `python -m tests.support.import_picture --write` to update the page.
"""

from __future__ import annotations

import re
import sys
from typing import Final

from tests.support.paths import ROOT
from tests.unit.test_layers import ALLOWED

PAGE: Final = ROOT / "docs" / "architecture.md"
_BLOCK: Final = re.compile(r"(<!-- imports:begin -->\n).*?(<!-- imports:end -->)", re.DOTALL)


def with_picture(page: str) -> str:
    """Return the page with the picture between its markers."""
    picture = "\n".join(["```mermaid", "flowchart TD", *_arrows(), "```", ""])
    return _BLOCK.sub(lambda match: match[1] + picture + match[2], page)


def _arrows() -> list[str]:
    """Return an arrow for each import that does not follow from others."""
    imports = _direct_imports()
    return [
        f"    {user} --> {used}"
        for user in sorted(imports)
        for used in sorted(imports[user])
        if not any(used in _reachable(other, imports) for other in imports[user])
    ]


def _direct_imports() -> dict[str, set[str]]:
    """Return what each package or module directly below infra/ and infra/pulumi_d1/ may import."""
    imports: dict[str, set[str]] = {}
    for name, allowed in ALLOWED.items():
        user = _package(name)
        imports.setdefault(user, set()).update({_package(used) for used in allowed.split()} - {user})
    return imports


def _package(name: str) -> str:
    if name == "pulumi_d1.program.tokens":  # the CLI imports it, and does not import pulumi with it
        return "program.tokens"
    return name.removeprefix("pulumi_d1.").partition(".")[0]


def _reachable(name: str, imports: dict[str, set[str]]) -> set[str]:
    """Return all packages that follow from an import of `name`."""
    return imports[name].union(*(_reachable(used, imports) for used in imports[name]))


if __name__ == "__main__" and sys.argv[1:] == ["--write"]:
    PAGE.write_text(with_picture(PAGE.read_text()))
