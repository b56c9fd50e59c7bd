"""A stand-in for `gh api`: issues' comments and pull requests of one repository, kept in the file GH_STANDIN.

The real one needs GitHub. Kept alike: pages of 30, `--paginate`, `--jq` on each page, `--field NAME=@FILE`, the limit
of a comment, and that a comment belongs to whoever wrote it.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import sys
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import jq  # type: ignore[import-not-found]  # it is compiled, and has no stubs

PAGE = 30
LONGEST = 65_536
BOT = "github-actions[bot]"


def main(arguments: list[str]) -> int:
    """What `gh` does with these arguments; its exit code."""
    parser = argparse.ArgumentParser(prog="gh")
    parser.add_argument("command", choices=["api"])
    parser.add_argument("path")
    parser.add_argument("--method", default="GET")
    parser.add_argument("--paginate", action="store_true")
    parser.add_argument("--silent", action="store_true")
    parser.add_argument("--jq", default=".")
    parser.add_argument("--field", action="append", default=[])
    given = parser.parse_args(arguments)
    if not os.environ.get("GH_TOKEN"):
        return _failed("set the GH_TOKEN environment variable")
    fields = dict(field.split("=", 1) for field in given.field)
    body = {name: Path(text[1:]).read_text() if text.startswith("@") else text for name, text in fields.items()}
    if len(body.get("body", "")) > LONGEST:
        return _failed("Validation Failed (HTTP 422) Body body is too long (maximum is 65536 characters)")
    file = Path(os.environ["GH_STANDIN"])
    state = json.loads(file.read_text())
    url = urlsplit(given.path)
    answer = _answer(given.method, url.path, body, state)
    if answer is None:
        return _failed("Not Found (HTTP 404)")
    file.write_text(json.dumps(state, indent=2))
    size = int(parse_qs(url.query).get("per_page", [str(PAGE)])[0])
    is_list = isinstance(answer, list)
    pages = [answer[at : at + size] for at in range(0, len(answer), size)] if is_list else [answer]
    for page in pages if given.paginate else pages[:1]:
        for item in () if given.silent else jq.compile(given.jq).input_value(page).all():
            sys.stdout.write(f"{item if isinstance(item, str) else json.dumps(item)}\n")
    return 0


def _failed(message: str) -> int:
    sys.stderr.write(f"gh: {message}\n")
    return 1


def _answer(method: str, path: str, body: dict[str, str], state: dict[str, Any]) -> Any:
    repository = f"repos/{state['repository']}"
    comments: list[dict[str, Any]] = state["comments"]
    if method == "GET" and path == f"{repository}/pulls":
        return [{"number": number} for number in state["open"]]
    if found := re.fullmatch(rf"{repository}/issues/(\d+)/comments", path):
        if method == "POST":
            comments.append({"id": len(comments) + 1, "issue": int(found[1]), "user": {"login": BOT}, **body})
            return comments[-1]
        return [item for item in comments if item["issue"] == int(found[1])]
    if (found := re.fullmatch(rf"{repository}/issues/comments/(\d+)", path)) and method == "PATCH":
        for item in comments:
            if item["id"] == int(found[1]):
                item.update(body)
                return item
    return None


if __name__ == "__main__":
    sys.exit(main(sys.argv[2:]))
