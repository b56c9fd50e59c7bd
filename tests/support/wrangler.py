"""Run the real wrangler, without other output and without any network but the emulator."""

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
class WranglerRun:
    """The result of one command: exit code, and output without colours."""

    code: int
    stdout: str
    stderr: str

    @property
    def errors(self) -> str:
        """Standard error with single spaces, because wrangler pads its messages."""
        return " ".join(self.stderr.split())


@dataclass(frozen=True)
class Wrangler:
    """A wrangler.

    Attributes:
        program: The executable.
        folder: The working folder, with the configuration.
        environment: All variables.
    """

    program: Path
    folder: Path
    environment: Mapping[str, str]

    @classmethod
    def of(cls, binaries: Path, folder: Path, home: Path, variables: Mapping[str, str]) -> Wrangler:
        """Return a wrangler with these variables and its own home, so that it reads and writes nothing elsewhere."""
        quiet = {
            "PATH": os.pathsep.join([str(binaries), os.environ["PATH"]]),
            "HOME": str(home),
            "XDG_CONFIG_HOME": str(home),
            "CI": "1",
            "WRANGLER_SEND_METRICS": "false",
            "WRANGLER_HIDE_BANNER": "true",  # without the banner it does not look for a newer version
            "NO_COLOR": "1",
        }
        return cls(binaries / "wrangler", folder, {**variables, **quiet})

    def run(self, *arguments: str, code: int = 0) -> WranglerRun:
        """Run a command, which must end with this exit code."""
        process = subprocess.run(
            [self.program, *arguments],
            cwd=self.folder,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            timeout=_SECONDS,
            check=False,
        )
        run = WranglerRun(process.returncode, _ANSI.sub("", process.stdout), _ANSI.sub("", process.stderr))
        assert run.code == code, run.stdout + run.stderr
        return run

    def d1(self, *arguments: str, code: int = 0) -> WranglerRun:
        """Run a d1 command."""
        return self.run("d1", *arguments, code=code)

    def json(self, *arguments: str, code: int = 0) -> Any:
        """Run a d1 command with --json, and return its JSON. Lines of progress may precede it."""
        printed = self.d1(*arguments, "--json", code=code).stdout
        start = re.search(r"^[\[{]", printed, re.MULTILINE)
        assert start, printed
        return json.loads(printed[start.start() :])

    def with_variables(self, **variables: str) -> Wrangler:
        """Return the same wrangler with other values of some variables."""
        return replace(self, environment={**self.environment, **variables})

    def write(self, name: str, text: str) -> None:
        """Write a file in its folder."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="")
