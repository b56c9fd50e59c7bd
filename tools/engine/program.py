"""Which interpreter runs a Pulumi program, and how."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

EXECUTOR = "pulumi-language-python-exec"
"""The SDK's own script that runs a program; stands on PATH beside the engine."""

MESSAGE_SHOWN = 32
"""Exit code of the executor after it has shown the user an error of the program."""

_DISTRIBUTIONS = """
import importlib.metadata, json
print(json.dumps(sorted({(d.name, d.version) for d in importlib.metadata.distributions()})))
"""

_PLUGINS = """
import json, pathlib, sys
found = [file for folder in sys.path if folder for file in pathlib.Path(folder).glob("*/pulumi-plugin.json")]
print(json.dumps([json.loads(file.read_text()) for file in found]))
"""


@dataclass(frozen=True, slots=True)
class Program:
    """A Pulumi program, as Pulumi.yaml describes it.

    Attributes:
        root: folder of Pulumi.yaml.
        folder: folder of the program: `root`, or what `main:` names.
        entry_point: path inside `folder`; `.` is its `__main__.py`.
        virtualenv: absolute path of the virtual environment, or None for the interpreter on PATH.
    """

    root: Path
    folder: Path
    entry_point: str
    virtualenv: Path | None

    @classmethod
    def parse(cls, root: str, folder: str, entry_point: str, options: Mapping[str, object]) -> Program:
        """From the fields of the engine's ProgramInfo; `options` is `runtime.options` of Pulumi.yaml."""
        chosen = options.get("virtualenv")
        return cls(Path(root), Path(folder), entry_point or ".", Path(root, str(chosen)) if chosen else None)

    @property
    def interpreter(self) -> Path:
        """The Python that runs the program.

        Raises:
            FileNotFoundError: Pulumi.yaml names a virtual environment that does not exist, or there is no Python.
        """
        if self.virtualenv is None:
            name = os.environ.get("PULUMI_PYTHON_CMD") or "python3"
            if not (found := shutil.which(name)):
                raise FileNotFoundError(f"{name} is not on PATH: install Python 3.11 or newer")
            return Path(found)
        python = self.virtualenv / "bin" / "python"
        if not python.exists():
            raise FileNotFoundError(
                f"the virtual environment {self.virtualenv}, named by 'virtualenv' in Pulumi.yaml, does not exist: "
                "run 'pulumi install' or 'make install'"
            )
        return python

    def environment(self) -> dict[str, str]:
        """The variables of this process, with the virtual environment active."""
        environment = dict(os.environ)
        if self.virtualenv is not None:
            environment["VIRTUAL_ENV"] = str(self.virtualenv)
            environment["PATH"] = f"{self.virtualenv / 'bin'}{os.pathsep}{environment.get('PATH', os.defpath)}"
            environment.pop("PYTHONHOME", None)
        return environment

    def start(
        self, flags: Mapping[str, str], arguments: Sequence[str], config: Mapping[str, str]
    ) -> subprocess.Popen[bytes]:
        """Starts the program with this process's own output.

        It gets a session of its own: a Ctrl-C goes to the engine, which lets running operations end and then ends the
        program, and not to the program, which would print a traceback over the engine's own words.

        Args:
            flags: of the SDK's executor, such as `{"stack": "dev"}`.
            arguments: of the program.
            config: variables that carry the stack's configuration.
        """
        if not (executor := shutil.which(EXECUTOR)):
            raise FileNotFoundError(f"{EXECUTOR} is not on PATH: it belongs beside the Pulumi CLI")
        given = [f"--{name}={value}" for name, value in flags.items()]
        command = [str(self.interpreter), "-u", executor, *given, self.entry_point, *arguments]
        return subprocess.Popen(  # noqa: S603 - what Pulumi.yaml asks for
            command, cwd=self.folder, env={**self.environment(), **config}, start_new_session=True
        )

    def distributions(self) -> tuple[tuple[str, str], ...]:
        """Name and version of each distribution that the program's interpreter can import."""
        return tuple((name, version) for name, version in json.loads(self._ask(_DISTRIBUTIONS)))

    def plugins(self) -> tuple[dict[str, str], ...]:
        """What the pulumi-plugin.json of each installed provider package says: name, version, server."""
        return tuple(plugin for plugin in json.loads(self._ask(_PLUGINS)) if plugin.get("resource"))

    def version(self) -> str:
        """Version of the interpreter, such as `3.11.7`."""
        return self._ask("import platform; print(platform.python_version())").strip()

    def install(self) -> Iterator[bytes]:
        """Makes the virtual environment and installs requirements.txt into it; yields the output as it comes.

        Raises:
            subprocess.CalledProcessError: a step failed.
        """
        requirements = self.root / "requirements.txt"
        if self.virtualenv and not self.virtualenv.exists():
            yield from _stream([sys.executable, "-m", "venv", str(self.virtualenv)], self.root)
        if requirements.exists():
            yield from _stream([str(self.interpreter), "-m", "pip", "install", "-r", str(requirements)], self.root)

    def _ask(self, code: str) -> str:
        command = [str(self.interpreter), "-c", code]
        done = subprocess.run(command, cwd=self.folder, check=True, capture_output=True, text=True)  # noqa: S603
        return done.stdout


def _stream(command: list[str], folder: Path) -> Iterator[bytes]:
    with subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as process:  # noqa: S603
        assert process.stdout  # noqa: S101 - stdout=PIPE
        yield from process.stdout
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command)
