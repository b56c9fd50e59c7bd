"""The picture of the imports in docs/architecture.md has the arrows of test_layers.py."""

from __future__ import annotations

import re

from tests.support.paths import ROOT
from tests.unit.test_layers import ALLOWED

PICTURE = re.compile(r"<!-- imports:begin -->\n(.*?)<!-- imports:end -->", re.DOTALL)


def package(name: str) -> str:
    """Return the folder or module of infra/ that a name of ALLOWED is in: `migrations` for its sub-packages too."""
    parts = name.split(".")
    return parts[1] if len(parts) > 1 and parts[0] == "pulumi_d1" else parts[0]


def direct_imports() -> dict[str, set[str]]:
    """Return what each package may import."""
    imports: dict[str, set[str]] = {}
    for name, allowed in ALLOWED.items():
        user = package(name)
        imports.setdefault(user, set()).update({package(used) for used in allowed.split()} - {user})
    return imports


def reachable(name: str, imports: dict[str, set[str]]) -> set[str]:
    """Return all packages that follow from an import of `name`."""
    return imports[name].union(*(reachable(used, imports) for used in imports[name]))


def arrows() -> list[str]:
    """Return an arrow for each import that does not follow from others."""
    imports = direct_imports()
    return [
        f"    {user} --> {used}"
        for user in sorted(imports)
        for used in sorted(imports[user])
        if not any(used in reachable(other, imports) for other in imports[user])
    ]


def test_the_picture_has_each_arrow_that_does_not_follow_from_others() -> None:
    expected = "\n".join(["```mermaid", "flowchart TD", *arrows(), "```", ""])
    found = PICTURE.search((ROOT / "docs" / "architecture.md").read_text())
    assert found
    assert found[1] == expected, f"put this between the markers of docs/architecture.md:\n{expected}"
