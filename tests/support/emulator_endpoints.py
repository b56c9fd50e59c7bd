"""The table of Cloudflare's D1 API in docs/emulator.md, with the endpoints that the emulator answers.

`python -m tests.support.emulator_endpoints` checks the table; with `--write` it updates it.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from d1_emulator.api.call import DATABASES
from d1_emulator.api.routes import ROUTES, endpoint_name

DOCUMENT: Final = Path(__file__).parents[2] / "docs" / "emulator.md"
COMMAND: Final = "python -m tests.support.emulator_endpoints --write"

_BEGIN: Final = "<!-- coverage:begin -->"
_END: Final = "<!-- coverage:end -->"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One endpoint of an API: the HTTP method, and the path below /client/v4 with the placeholders of `ROUTES`."""

    method: str
    path: str


_NOT_EMULATED: Final[tuple[Endpoint, ...]] = ()
D1_API: Final = (
    *(Endpoint(method, path) for path, handlers in ROUTES.items() if path.startswith(DATABASES) for method in handlers),
    *_NOT_EMULATED,
)
"""The endpoints of Cloudflare's D1 API. test_coverage.py compares them with the calls of the official SDK 5.9."""


def table() -> str:
    """Return the table: first the endpoints of D1's API, then the others that the emulator answers."""
    emulated = {
        Endpoint(method, path): endpoint_name(handler)
        for path, handlers in ROUTES.items()
        for method, handler in handlers.items()
    }
    others = [endpoint for endpoint in emulated if endpoint not in D1_API]
    lines = [
        "| endpoint | emulated | name, for faults |",
        "| --- | --- | --- |",
        *(_line(endpoint, emulated.get(endpoint)) for endpoint in D1_API),
        "",
        "Beside D1, for wrangler:",
        "",
        "| endpoint | name, for faults |",
        "| --- | --- |",
        *(f"| `{endpoint.method} {endpoint.path}` | `{emulated[endpoint]}` |" for endpoint in others),
    ]
    return "\n".join(lines)


def with_table(text: str) -> str:
    """Return a document with the table between its markers. Raises ValueError if they are missing."""
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


def _line(endpoint: Endpoint, name: str | None) -> str:
    emulated = f"yes | `{name}`" if name else "**no** | "
    return f"| `{endpoint.method} {endpoint.path}` | {emulated} |"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
