"""A stand-in for `gh api` of comments and for `gh pr list`: one repository, stored in the file GH_STANDIN.

The real command needs GitHub. As there: pages of 30, `--paginate`, `--jq` on each page, `--field NAME=@FILE`, the limit
of a comment, and the author of a comment.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import sys
from pathlib import Path
from typing import Any

import jq  # type: ignore[import-not-found]  # compiled, without stubs

PAGE = 30
LONGEST = 65_536
BOT = "github-actions[bot]"


def main(arguments: list[str]) -> int:
    """Run the command and return its exit code."""
    parser = argparse.ArgumentParser(prog="gh")
    commands = parser.add_subparsers(dest="command", required=True)
    api = commands.add_parser("api")
    api.add_argument("path")
    api.add_argument("--method", default="GET")
    api.add_argument("--paginate", action="store_true")
    api.add_argument("--silent", action="store_true")
    api.add_argument("--jq", default=".")
    api.add_argument("--field", action="append", default=[])
    listing = commands.add_parser("pr").add_subparsers(required=True).add_parser("list")
    listing.add_argument("--repo", required=True)
    listing.add_argument("--state", choices=["open"], default="open")
    listing.add_argument("--limit", type=int, default=PAGE)
    listing.add_argument("--json", choices=["number"], required=True)
    options = parser.parse_args(arguments)
    if not os.environ.get("GH_TOKEN"):
        return _fail("set the GH_TOKEN environment variable")
    file = Path(os.environ["GH_STANDIN"])
    state = json.loads(file.read_text())
    if options.command == "pr":
        opened = [{"number": number} for number in state["open"] if options.repo == state["repository"]]
        sys.stdout.write(f"{json.dumps(opened[: options.limit])}\n")
        return 0
    fields = dict(field.split("=", 1) for field in options.field)
    body = {name: Path(text[1:]).read_text() if text.startswith("@") else text for name, text in fields.items()}
    if len(body.get("body", "")) > LONGEST:
        return _fail("Validation Failed (HTTP 422) Body body is too long (maximum is 65536 characters)")
    answer = _answer(options.method, options.path, body, state)
    if answer is None:
        return _fail("Not Found (HTTP 404)")
    file.write_text(json.dumps(state, indent=2))
    is_list = isinstance(answer, list)
    pages = [answer[at : at + PAGE] for at in range(0, len(answer), PAGE)] if is_list else [answer]
    for page in pages if options.paginate else pages[:1]:
        for item in () if options.silent else jq.compile(options.jq).input_value(page).all():
            sys.stdout.write(f"{item if isinstance(item, str) else json.dumps(item)}\n")
    return 0


def _fail(message: str) -> int:
    sys.stderr.write(f"gh: {message}\n")
    return 1


def _answer(method: str, path: str, body: dict[str, str], state: dict[str, Any]) -> Any:
    repository = f"repos/{state['repository']}"
    comments: list[dict[str, Any]] = state["comments"]
    if match := re.fullmatch(rf"{repository}/issues/(\d+)/comments", path):
        if method == "POST":
            comments.append({"id": len(comments) + 1, "issue": int(match[1]), "user": {"login": BOT}, **body})
            return comments[-1]
        return [item for item in comments if item["issue"] == int(match[1])]
    if (match := re.fullmatch(rf"{repository}/issues/comments/(\d+)", path)) and method == "PATCH":
        for item in comments:
            if item["id"] == int(match[1]):
                item.update(body)
                return item
    return None


if __name__ == "__main__":
    sys.exit(main(sys.argv[2:]))
