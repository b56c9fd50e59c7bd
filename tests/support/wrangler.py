"""Runs the real wrangler, quiet and without any other network than the emulator."""

from __future__ import annotations

import json
import os
import re
import subprocess
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_SECONDS: Final = 60
_ANSI: Final = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")


@dataclass(frozen=True)
class Run:
    """What one command did: exit code, and output without colours."""

    code: int
    stdout: str
    stderr: str

    @property
    def errors(self) -> str:
        """The text of standard error, each run of blanks one space: wrangler pads its messages."""
        return " ".join(self.stderr.split())


@dataclass(frozen=True)
class Wrangler:
    """A wrangler.

    Attributes:
        program: the executable.
        folder: in which it runs, and finds its configuration.
        environment: all of its variables.
    """

    program: Path
    folder: Path
    environment: Mapping[str, str]

    @classmethod
    def of(cls, binaries: Path, folder: Path, home: Path, variables: Mapping[str, str]) -> Wrangler:
        """Make one with the given variables, and a home of its own, so that it finds and leaves nothing elsewhere."""
        quiet = {
            "PATH": os.pathsep.join([str(binaries), os.environ["PATH"]]),
            "HOME": str(home),
            "XDG_CONFIG_HOME": str(home),
            "CI": "1",
            "WRANGLER_SEND_METRICS": "false",
            "WRANGLER_HIDE_BANNER": "true",  # with the banner goes the question for a newer version
            "NO_COLOR": "1",
        }
        return cls(binaries / "wrangler", folder, {**variables, **quiet})

    def run(self, *arguments: str, code: int = 0) -> Run:
        """Run a command, which must end with this exit code."""
        done = subprocess.run(
            [self.program, *arguments],
            cwd=self.folder,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            timeout=_SECONDS,
            check=False,
        )
        run = Run(done.returncode, _ANSI.sub("", done.stdout), _ANSI.sub("", done.stderr))
        assert run.code == code, run.stdout + run.stderr
        return run

    def d1(self, *arguments: str, code: int = 0) -> Run:
        """Run a d1 command."""
        return self.run("d1", *arguments, code=code)

    def json(self, *arguments: str, code: int = 0) -> Any:
        """Run a d1 command with --json, and give what it prints. Lines of progress may precede the JSON."""
        printed = self.d1(*arguments, "--json", code=code).stdout
        start = re.search(r"^[\[{]", printed, re.MULTILINE)
        assert start, printed
        return json.loads(printed[start.start() :])

    def with_variables(self, **variables: str) -> Wrangler:
        """Give the same wrangler with some variables set otherwise."""
        return replace(self, environment={**self.environment, **variables})

    def write(self, name: str, text: str) -> None:
        """Write a file of its folder."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="")
