"""Open pages in Chromium, and draw diagrams with mermaid as GitHub does."""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from tests.support import installed
from tests.support.paths import NODE

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

READERS: Final = ("light", "dark", "phone")

_SECONDS: Final = 120


@dataclass(frozen=True)
class OpenedPage:
    """A page as its readers get it.

    Attributes:
        same: True if it looks the same with JavaScript off.
        violations: What axe found, by reader.
        requests: The addresses that the page asked for, without its own.
        messages: Messages of the console, such as violations of the policy, errors and dialogs.
        scripts: Number of its scripts.
        backgrounds: The page's colour, by medium and scheme.
        shown: Its visible text.
    """

    same: bool
    violations: dict[str, list[str]]
    requests: list[str]
    messages: list[str]
    scripts: int
    backgrounds: dict[str, str]
    shown: str


@dataclass(frozen=True)
class DrawnDiagram:
    """A diagram that mermaid has drawn.

    Attributes:
        labels: The visible text of each box and edge.
        tags: The HTML elements of the labels.
    """

    labels: list[str]
    tags: list[str]


def open_page(page: Path, readers: Sequence[str] = READERS, screenshot: Path | None = None) -> OpenedPage:
    """Open a page, and write a picture of its last section to `screenshot`."""
    shown = str(screenshot) if screenshot else None
    result = _run({"page": str(page), "readers": list(readers), "screenshot": shown})
    return OpenedPage(
        same=result["same"],
        violations=result["violations"],
        requests=[url for url in result["requests"] if url != result["url"]],
        messages=result["messages"],
        scripts=result["scripts"],
        backgrounds=result["backgrounds"],
        shown=result["shown"],
    )


def draw(diagrams: Sequence[str]) -> list[DrawnDiagram]:
    """Draw diagrams, one after the other. One that mermaid refuses fails the test."""
    return [DrawnDiagram(**item) for item in _run({"diagrams": list(diagrams)})]


def _run(task: dict[str, Any]) -> Any:
    program = installed.chromium()
    process = subprocess.run(
        [installed.binaries() / "node", NODE / "browser.mjs", program],
        input=json.dumps(task),
        capture_output=True,
        encoding="utf-8",
        timeout=_SECONDS,
        check=False,
    )
    assert process.returncode == 0, process.stderr
    return json.loads(process.stdout)
