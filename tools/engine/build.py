"""Build the Pulumi engine from Go modules, on a machine that reaches only package registries."""

from __future__ import annotations

import hashlib
import json
import logging
import re
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

from pulumi_d1.errors import ConfigError

MODULE = Path(__file__).parent / "go"
"""The Go module that pins the version of the engine to build."""

HEARTBEAT_SECONDS = 20
_SDK = "github.com/pulumi/pulumi/sdk/v3"
_CLI = "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi"
LANGUAGE_HOST_VARIABLE = "D1_LANGUAGE_HOST"
"""The variable with the path of the language host: the cache outlives the checkout that filled it."""

_LANGUAGE_HOST = f"""#!/bin/sh
exec "${{{LANGUAGE_HOST_VARIABLE}:?start pulumi with: d1 local -- pulumi}}" "$@"
"""
_SDK_SCRIPTS = ("python/cmd/pulumi-language-python-exec", "python/dist/pulumi-resource-pulumi-python")

logger = logging.getLogger(__name__)


def version() -> str:
    """Return the version of the engine in go.mod, such as `3.276.0`."""
    required = re.search(r"pulumi/pulumi/pkg/v3 v(\S+)", (MODULE / "go.mod").read_text())
    if not required:
        raise ConfigError(f"{MODULE / 'go.mod'} names no version of github.com/pulumi/pulumi/pkg/v3")
    return required[1]


def entry_name() -> str:
    """Return the build's cache entry, whose name changes with any dependency and with the language host's script."""
    content = (MODULE / "go.sum").read_bytes() + _LANGUAGE_HOST.encode()
    return f"pulumi-{version()}-{hashlib.sha256(content).hexdigest()[:8]}"


def build(into: Path) -> None:
    """Compile the engine into `into`/bin, and put the language host beside it.

    Raises:
        ConfigError: Go is not installed, or it failed.
    """
    if not shutil.which("go"):
        raise ConfigError(
            "the Pulumi engine is not on PATH, its installer failed, and Go is not installed to build it.\n"
            "Install one of them: the Pulumi CLI (https://www.pulumi.com/docs/install/) or Go 1.21 or newer."
        )
    binaries = into / "bin"
    binaries.mkdir()
    flag = f"-X {_SDK}/go/common/version.Version=v{version()}"
    logger.info(f"Building the Pulumi engine {version()} from Go modules, once for this version.")
    _go(["mod", "download"], "step 1 of 2, downloading modules (usually under 1 min)")
    _go(
        ["build", "-trimpath", "-ldflags", f"-s -w {flag}", "-o", str(binaries / "pulumi"), _CLI],
        "step 2 of 2, compiling (usually 4 to 5 min on two cores)",
    )
    add_python(binaries)


def add_python(binaries: Path) -> None:
    """Put the SDK's two scripts and our language host beside the engine.

    The engine accepts a language host beside it as its own, and warns of one elsewhere on PATH.
    """
    sdk = _module_folder()
    scripts = {Path(script).name: (sdk / script).read_text() for script in _SDK_SCRIPTS}
    for name, text in {**scripts, "pulumi-language-python": _LANGUAGE_HOST}.items():
        target = binaries / name
        target.write_text(text)
        target.chmod(0o755)


def _go(arguments: list[str], step: str) -> None:
    """Run Go in MODULE, and report every HEARTBEAT_SECONDS that it still runs."""
    logger.info(f"  {step}")
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
            logger.info(f"  … {time.monotonic() - started:.0f} s")
        errors.seek(0)
        tail = "\n".join(errors.read().strip().splitlines()[-5:])
    if code != 0:
        raise ConfigError(f"building the Pulumi engine failed in {step}:\n{tail}")


def _exit_code(process: subprocess.Popen[bytes]) -> int | None:
    """Return the exit code of `process`, or None if it still runs after HEARTBEAT_SECONDS."""
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
