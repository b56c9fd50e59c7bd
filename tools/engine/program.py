"""A Pulumi program: its interpreter, packages and process."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

EXECUTOR = "pulumi-language-python-exec"
"""The SDK's script that runs a program; on PATH, beside the engine."""

GRACE_SECONDS = 5
"""The time that an interrupted program has to end, as with the official language host."""

MESSAGE_SHOWN = 32
"""The executor's exit code after it has shown the user an error of the program."""

_DISTRIBUTIONS = """
import importlib.metadata, json
print(json.dumps(sorted({(d.name, d.version) for d in importlib.metadata.distributions()})))
"""

_PLUGINS = """
import json, pathlib, sys
files = [file for folder in sys.path if folder for file in pathlib.Path(folder).glob("*/pulumi-plugin.json")]
print(json.dumps([json.loads(file.read_text()) for file in files]))
"""


@dataclass(frozen=True, slots=True)
class PulumiProgram:
    """A Pulumi program, as Pulumi.yaml describes it.

    Attributes:
        folder: The folder of the program: `root`, or that of `main:`.
        entry_point: The path inside `folder`; `.` is its `__main__.py`.
        virtualenv: The absolute path of the virtual environment, or None for the interpreter on PATH.
    """

    root: Path
    folder: Path
    entry_point: str
    virtualenv: Path | None

    @classmethod
    def parse(cls, root: str, folder: str, entry_point: str, options: Mapping[str, object]) -> PulumiProgram:
        """Read the fields of the engine's ProgramInfo; `options` is `runtime.options` of Pulumi.yaml."""
        chosen = options.get("virtualenv")
        return cls(Path(root), Path(folder), entry_point or ".", Path(root, str(chosen)) if chosen else None)

    @property
    def interpreter(self) -> Path:
        """The Python that runs the program.

        Raises:
            FileNotFoundError: The virtual environment in Pulumi.yaml does not exist, or there is no Python.
        """
        if self.virtualenv is None:
            name = os.environ.get("PULUMI_PYTHON_CMD") or "python3"
            if not (on_path := shutil.which(name)):
                raise FileNotFoundError(f"{name} is not on PATH: install Python 3.11 or newer")
            return Path(on_path)
        python = self.virtualenv / "bin" / "python"
        if not python.exists():
            raise FileNotFoundError(
                f"the virtual environment {self.virtualenv}, set by 'virtualenv' in Pulumi.yaml, does not exist: "
                "run 'pulumi install' or 'make install'"
            )
        return python

    def environment(self) -> dict[str, str]:
        """Return the variables of this process, with the virtual environment active."""
        environment = dict(os.environ)
        if self.virtualenv is not None:
            environment["VIRTUAL_ENV"] = str(self.virtualenv)
            environment["PATH"] = f"{self.virtualenv / 'bin'}{os.pathsep}{environment.get('PATH', os.defpath)}"
            environment.pop("PYTHONHOME", None)
        return environment

    def start(
        self, flags: Mapping[str, str], arguments: Sequence[str], config: Mapping[str, str]
    ) -> subprocess.Popen[bytes]:
        """Start the program with this process's output, and in its process group, which the engine ends as a whole.

        Args:
            flags: Flags of the SDK's executor, such as `{"stack": "dev"}`.
        """
        if not (executor := shutil.which(EXECUTOR)):
            raise FileNotFoundError(f"{EXECUTOR} is not on PATH: it belongs beside the Pulumi CLI")
        given = [f"--{name}={value}" for name, value in flags.items()]
        command = [str(self.interpreter), "-u", executor, *given, self.entry_point, *arguments]
        return subprocess.Popen(  # noqa: S603 - the program in Pulumi.yaml
            command, cwd=self.folder, env={**self.environment(), **config}
        )

    def distributions(self) -> tuple[tuple[str, str], ...]:
        """Return name and version of each distribution that the program can import."""
        return tuple((name, version) for name, version in json.loads(self._run_code(_DISTRIBUTIONS)))

    def plugins(self) -> tuple[dict[str, str], ...]:
        """Return the pulumi-plugin.json of each installed provider package: name, version, server."""
        return tuple(plugin for plugin in json.loads(self._run_code(_PLUGINS)) if plugin.get("resource"))

    def version(self) -> str:
        """Return the version of the interpreter, such as `3.11.7`."""
        return self._run_code("import platform; print(platform.python_version())").strip()

    def install(self) -> Iterator[bytes]:
        """Create the virtual environment, install requirements.txt into it, and yield the output as it comes.

        Raises:
            subprocess.CalledProcessError: A step failed.
        """
        requirements = self.root / "requirements.txt"
        if self.virtualenv and not self.virtualenv.exists():
            yield from _stream([sys.executable, "-m", "venv", str(self.virtualenv)], self.root)
        if requirements.exists():
            yield from _stream([str(self.interpreter), "-m", "pip", "install", "-r", str(requirements)], self.root)

    def _run_code(self, code: str) -> str:
        command = [str(self.interpreter), "-c", code]
        return subprocess.run(command, cwd=self.folder, check=True, capture_output=True, text=True).stdout  # noqa: S603


def stop(process: subprocess.Popen[bytes]) -> None:
    """Interrupt a program, and kill it if it still runs after GRACE_SECONDS. Does nothing if it has ended."""
    process.send_signal(signal.SIGINT)
    try:
        process.wait(timeout=GRACE_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()


def _stream(command: list[str], folder: Path) -> Iterator[bytes]:
    with subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as process:  # noqa: S603
        assert process.stdout  # noqa: S101 - stdout=PIPE
        yield from process.stdout
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command)
