"""Builds the Pulumi engine from Go modules, for a machine that reaches package registries only."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import subprocess
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from pulumi_d1.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable

MODULE = Path(__file__).parent / "go"
"""The Go module whose only content is the version of the engine to build."""

HEARTBEAT_SECONDS = 20
_SDK = "github.com/pulumi/pulumi/sdk/v3"
_CLI = "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi"
LANGUAGE_HOST_VARIABLE = "D1_LANGUAGE_HOST"
"""Names the language host to run: the cache outlives the checkout that filled it."""

_LANGUAGE_HOST = f"""#!/bin/sh
exec "${{{LANGUAGE_HOST_VARIABLE}:?start pulumi with: d1 local -- pulumi}}" "$@"
"""
_SDK_SCRIPTS = ("python/cmd/pulumi-language-python-exec", "python/dist/pulumi-resource-pulumi-python")


def version() -> str:
    """Version of the engine that go.mod asks for, such as `3.250.0`."""
    found = re.search(r"pulumi/pulumi/pkg/v3 v(\S+)", (MODULE / "go.mod").read_text())
    if not found:
        raise ConfigError(f"{MODULE / 'go.mod'} names no version of github.com/pulumi/pulumi/pkg/v3")
    return found[1]


def entry_name() -> str:
    """Return the build's name in the cache, which changes with any dependency and with the language host's script."""
    content = (MODULE / "go.sum").read_bytes() + _LANGUAGE_HOST.encode()
    return f"pulumi-{version()}-{hashlib.sha256(content).hexdigest()[:8]}"


def build(into: Path, say: Callable[[str], None]) -> None:
    """Compiles the engine into `into`/bin, with what Python programs need beside it.

    Raises:
        ConfigError: there is no Go, or it failed.
    """
    if not shutil.which("go"):
        raise ConfigError(
            "the Pulumi engine is not on PATH, its installer can't be reached, and there is no Go to build it with.\n"
            "Install one of them: the Pulumi CLI (https://www.pulumi.com/docs/install/) or Go 1.21 or newer."
        )
    binaries = into / "bin"
    binaries.mkdir()
    flag = f"-X {_SDK}/go/common/version.Version=v{version()}"
    say(f"Building the Pulumi engine {version()} from Go modules; done once for this version.")
    _go(["mod", "download"], "step 1 of 2, downloading modules (usually under 1 min)", say)
    _go(
        ["build", "-trimpath", "-ldflags", f"-s -w {flag}", "-o", str(binaries / "pulumi"), _CLI],
        "step 2 of 2, compiling (usually 4 to 5 min on two cores)",
        say,
    )
    add_python(binaries)


def add_python(binaries: Path) -> None:
    """Puts beside the engine what it needs for Python programs: the SDK's own two scripts, and our language host.

    The engine takes a language host that lies beside it as its own, and warns of one that is elsewhere on PATH.
    """
    sdk = _module_folder()
    scripts = {Path(script).name: (sdk / script).read_text() for script in _SDK_SCRIPTS}
    for name, text in {**scripts, "pulumi-language-python": _LANGUAGE_HOST}.items():
        target = binaries / name
        target.write_text(text)
        target.chmod(0o755)


def _go(arguments: list[str], step: str, say: Callable[[str], None]) -> None:
    """Runs Go in MODULE and says every HEARTBEAT_SECONDS that it still runs."""
    say(f"  {step}")
    started = time.monotonic()
    with (
        tempfile.TemporaryFile("w+") as errors,
        subprocess.Popen(  # noqa: S603
            ["go", *arguments],  # noqa: S607 - the user's own Go
            cwd=MODULE,
            stdout=subprocess.DEVNULL,
            stderr=errors,
        ) as process,
    ):
        while (code := _exit_code(process)) is None:
            say(f"  … {time.monotonic() - started:.0f} s")
        errors.seek(0)
        tail = "\n".join(errors.read().strip().splitlines()[-5:])
    if code != 0:
        raise ConfigError(f"building the Pulumi engine failed in {step}:\n{tail}")


def _exit_code(process: subprocess.Popen[bytes]) -> int | None:
    """Exit code of `process`, or None when it still runs after HEARTBEAT_SECONDS."""
    try:
        return process.wait(timeout=HEARTBEAT_SECONDS)
    except subprocess.TimeoutExpired:
        return None


def _module_folder() -> Path:
    answer = subprocess.run(  # noqa: S603
        ["go", "list", "-m", "-json", _SDK],  # noqa: S607 - the user's own Go
        cwd=MODULE,
        capture_output=True,
        text=True,
        check=False,
    )
    if answer.returncode != 0:
        raise ConfigError(f"Go does not find the module {_SDK} that it has just built: {answer.stderr.strip()}")
    return Path(json.loads(answer.stdout)["Dir"])
