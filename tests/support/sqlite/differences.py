"""The known differences between this project's SQL engine and the service's: differences.toml and its list in the docs.

Run `python -m tests.support.sqlite.differences --write` to update the list in docs/emulator.md.
"""

from __future__ import annotations

import argparse
import textwrap
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.support.paths import ROOT

PAGE: Final = ROOT / "docs" / "emulator.md"
_FILE: Final = Path(__file__).with_name("differences.toml")
_BEGIN: Final = "<!-- differences:begin -->\n"
_WIDTH: Final = 120
_END: Final = "<!-- differences:end -->"


@dataclass(frozen=True, slots=True)
class Difference:
    """One difference.

    Attributes:
        what: The behavior of the service and that of this project.
        reason: The reason to keep the difference.
        cases: Names of the cases that show it.
    """

    what: str
    reason: str
    cases: frozenset[str]


def load() -> list[Difference]:
    """Return the differences, in the order of the file."""
    entries = tomllib.loads(_FILE.read_text()).get("difference", [])
    return [Difference(entry["what"], entry["reason"], frozenset(entry["cases"])) for entry in entries]


def with_list(page: str) -> str:
    """Return the page with the list between its two markers.

    Raises:
        ValueError: A marker is missing.
    """
    before, begin, rest = page.partition(_BEGIN)
    _, end, after = rest.partition(_END)
    if not (begin and end):
        raise ValueError(f"the page needs {_BEGIN.strip()} and {_END}, each on a line of its own")
    items = "\n".join(_item(difference) for difference in load())
    return f"{before}{begin}\n{items}\n\n{end}{after}"


def _item(difference: Difference) -> str:
    text = f"- {difference.what} {difference.reason}"
    return textwrap.fill(text, _WIDTH, subsequent_indent="  ", break_long_words=False, break_on_hyphens=False)


def main() -> None:
    """Rewrite the list in the page."""
    parser = argparse.ArgumentParser(prog="python -m tests.support.sqlite.differences", description=__doc__)
    parser.add_argument("--write", action="store_true", required=True, help=f"rewrite the list in {PAGE.name}")
    parser.parse_args()
    PAGE.write_text(with_list(PAGE.read_text()))


if __name__ == "__main__":
    main()
