"""The commands that `d1 init` prints for the user to run, in an environment as it is found. Pure."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from pulumi_d1.settings import NONE

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from pulumi_d1.scaffold.stack_guesses import GuessedStack
    from pulumi_d1.wrangler.worker import Worker

_INSTALL_PULUMI: Final = 'curl -fsSL https://get.pulumi.com | sh && export PATH="$HOME/.pulumi/bin:$PATH"'
_PREVIEW: Final = "preview"


@dataclass(frozen=True, slots=True)
class Surroundings:
    """The tools and variables that the commands can build on.

    Attributes:
        folder: The program's folder from the current one; `.` if it is the current one.
        python: The interpreter for a new virtual environment.
        virtualenv: Path of the virtual environment from the program's folder.
        has_virtualenv: True if the virtual environment exists and has the package.
        package: The arguments with which pip installs the package.
        local_folder: The address of the folder that the package was installed from; empty if it was none.
        has_d1: True if `d1` is on PATH.
        pulumi_folder: The folder of the `pulumi` command; empty if it is on PATH, None if it is nowhere.
        missing_variables: Variables that the program needs and that are not set.
    """

    folder: str
    python: str
    virtualenv: str
    has_virtualenv: bool
    package: str
    local_folder: str
    has_d1: bool
    pulumi_folder: str | None
    missing_variables: Sequence[str]


def next_steps(here: Surroundings, worker: Worker, stacks: Sequence[GuessedStack]) -> Iterator[str]:
    """Yield commands for any shell that is like sh, the stacks that have a database first."""
    if here.folder != ".":
        yield f"cd {shlex.quote(here.folder)}"
    if not here.has_virtualenv:
        yield f"{shlex.quote(here.python)} -m venv {shlex.quote(here.virtualenv)}"
        yield f"{shlex.quote(f'{here.virtualenv}/bin/python')} -m pip install --quiet {here.package}"
    if not (here.has_virtualenv and here.has_d1):
        yield f". {shlex.quote(f'{here.virtualenv}/bin/activate')}"
    if here.pulumi_folder is None:
        yield _INSTALL_PULUMI
    elif here.pulumi_folder:
        yield f'export PATH={shlex.quote(here.pulumi_folder)}:"$PATH"'
    if here.missing_variables:
        yield f"export {' '.join(f'{name}=…' for name in here.missing_variables)}"
    yield "pulumi login"
    used = {stack.environment for stack in stacks}
    for stack in _in_order(stacks):
        yield f"pulumi stack init {stack.name}"
        if stack.shared_entry:
            place = _free_place(stack, worker, used)
            yield f"pulumi config set wranglerEnvironment {place} --stack {stack.name}"
        yield f"pulumi preview --stack {stack.name}"
        yield f"pulumi up --stack {stack.name}"


def notes(here: Surroundings, stacks: Sequence[GuessedStack]) -> Iterator[str]:
    """Yield sentences about the commands."""
    if "CLOUDFLARE_API_TOKEN" in here.missing_variables:
        yield "The API token needs the permission D1 Edit."
    if here.local_folder:
        yield (
            f"pulumi-d1 was installed from {here.local_folder}, which other machines do not have. For the workflows, "
            "build a wheel there with 'uv build', and name it in requirements.txt."
        )
    yield "'pulumi login --local' keeps the state on this machine instead of in Pulumi Cloud."
    for stack in _in_order(stacks):
        if stack.entry and stack.entry.database_id:
            yield (
                f"If the database of {stack.name} has tables but no ledger, run 'd1 baseline --stack {stack.name}' "
                "before its preview."
            )
        if stack.shared_entry:
            yield (
                f"{stack.shared_entry} names the database of another stack, so {stack.name} gets its binding "
                "elsewhere. To have it there, delete the entry and leave out 'pulumi config set'."
            )


def _in_order(stacks: Sequence[GuessedStack]) -> list[GuessedStack]:
    return sorted(stacks, key=lambda stack: not (stack.entry and stack.entry.database_id))


def _free_place(stack: GuessedStack, worker: Worker, used: Collection[str]) -> str:
    """Return a wrangler environment for a new binding, or NONE if there is no free one."""
    place = _PREVIEW if worker.is_pages else stack.name
    taken = {entry.environment for entry in worker.entries} | set(used)
    return NONE if place in taken else place
