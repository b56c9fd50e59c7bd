"""What of Cloudflare's D1 API the emulator answers, as a table in docs/emulator.md.

`python -m d1_emulator.coverage` tells whether the table is up to date; with `--write` it brings it up to date.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from d1_emulator.api.routes import ROUTES, endpoint

DOCUMENT: Final = Path(__file__).parents[1] / "docs" / "emulator.md"
COMMAND: Final = "python -m d1_emulator.coverage --write"

_BEGIN: Final = "<!-- coverage:begin -->"
_END: Final = "<!-- coverage:end -->"
_DATABASES: Final = "/accounts/{account}/d1/database"
_DATABASE: Final = _DATABASES + "/{database}"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One endpoint of an API: HTTP method, and path below /client/v4 with the names of `api.routes`."""

    method: str
    path: str


D1_API: Final = (
    Endpoint("GET", _DATABASES),
    Endpoint("POST", _DATABASES),
    Endpoint("GET", _DATABASE),
    Endpoint("PUT", _DATABASE),
    Endpoint("PATCH", _DATABASE),
    Endpoint("DELETE", _DATABASE),
    Endpoint("POST", _DATABASE + "/query"),
    Endpoint("POST", _DATABASE + "/raw"),
    Endpoint("POST", _DATABASE + "/import"),
    Endpoint("POST", _DATABASE + "/export"),
    Endpoint("GET", _DATABASE + "/time_travel/bookmark"),
    Endpoint("POST", _DATABASE + "/time_travel/restore"),
)
"""All endpoints of Cloudflare's API reference for D1, in its version of the SDK 5.9."""


def table() -> str:
    """Write the table: first the endpoints of D1's API, then what else the emulator answers."""
    emulated = {
        Endpoint(method, path): endpoint(handler)
        for path, handlers in ROUTES.items()
        for method, handler in handlers.items()
    }
    others = [each for each in emulated if each not in D1_API]
    lines = [
        "| endpoint | emulated | name, for faults |",
        "| --- | --- | --- |",
        *(_line(each, emulated.get(each)) for each in D1_API),
        "",
        "Beside D1, for what wrangler asks on its way:",
        "",
        "| endpoint | name, for faults |",
        "| --- | --- |",
        *(f"| `{each.method} {each.path}` | `{emulated[each]}` |" for each in others),
    ]
    return "\n".join(lines)


def with_table(text: str) -> str:
    """Put the table between the markers of a document. Raises ValueError where they are missing."""
    before, begin, rest = text.partition(_BEGIN)
    _, end, after = rest.partition(_END)
    if not begin or not end:
        raise ValueError(f"the markers {_BEGIN} and {_END} are missing")
    return f"{before}{_BEGIN}\n\n{table()}\n\n{_END}{after}"


def main(arguments: list[str]) -> int:
    """Check the document, or write it. Returns the exit code."""
    text = DOCUMENT.read_text(encoding="utf-8")
    fresh = with_table(text)
    if arguments == ["--write"]:
        DOCUMENT.write_text(fresh, encoding="utf-8")
        return 0
    if fresh != text:
        sys.stderr.write(f"the table in {DOCUMENT.name} is stale: run '{COMMAND}'\n")
    return int(fresh != text)


def _line(each: Endpoint, name: str | None) -> str:
    return f"| `{each.method} {each.path}` | {'yes' if name else '**no**'} | {f'`{name}`' if name else ''} |"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
