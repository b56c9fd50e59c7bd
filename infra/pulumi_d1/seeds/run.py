"""Sends seeds, each once and as one transaction. What became of a lost one nobody knows: it may run again."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from pulumi_d1.cloudflare.retry import Retry
from pulumi_d1.errors import ApiError, OutcomeUnknown, SeedFailed, TryLater
from pulumi_d1.migrations.bookmark import restore_command
from pulumi_d1.migrations.run.request import make_request
from pulumi_d1.migrations.run.sender import send

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pulumi_d1.cloudflare.database import Database
    from pulumi_d1.migrations.folder import Migration


@dataclass(frozen=True, slots=True)
class Target:
    """The database that is seeded, in the words of messages.

    Attributes:
        name: of the database.
        folder: of the seeds, as the user wrote it.
    """

    name: str
    folder: str


def run(  # noqa: PLR0913 - what a run depends on, all of it
    database: Database,
    seeds: Sequence[Migration],
    target: Target,
    *,
    say: Callable[[str], None] = lambda _: None,
    record: Callable[[Migration], None] = lambda _: None,
    retry: Retry | None = None,
) -> None:
    """Runs the seeds in order.

    Args:
        database: the database.
        seeds: those that are to run.
        target: the database in the words of messages.
        say: is told of each.
        record: is given each as soon as it ran.
        retry: how to wait.

    Raises:
        ConfigError: a file can't be sent as it is; nothing was written.
        SeedFailed: a file was refused, or its answer was lost.
        ApiError: the database gives no bookmark; nothing was written.
    """
    requests = [make_request(seed, target.folder, "") for seed in seeds]
    if not any(any(request.pieces) for request in requests):
        for seed in seeds:
            record(seed)
        return
    bookmark = database.bookmark()
    retry = retry or Retry(say)
    ran: list[str] = []
    for seed, request in zip(seeds, requests, strict=True):
        try:
            if any(request.pieces):  # a file of comments is nothing that D1 would run
                retry.call(partial(send, database, request), on=(TryLater,))
        except ApiError as error:
            raise _failure(seed, error, target, ran, bookmark) from error
        ran.append(seed.name)
        record(seed)
        say(f"seeded {seed.name} ({len(ran)} of {len(seeds)})")


def _failure(seed: Migration, error: ApiError, target: Target, ran: Sequence[str], bookmark: str) -> SeedFailed:
    lost = isinstance(error, OutcomeUnknown)
    outcome = "not known: it may have run" if lost else "all of it is undone: a file runs as one transaction"
    next_ = "run 'pulumi up' again, which runs it again" if lost else "mend the file and run 'pulumi up' again"
    lines = (
        f"seed {target.folder}/{seed.name} failed: {error}",
        f"  database  {target.name}",
        f"  kept      {', '.join(ran) or 'nothing'}{' (run before it)' if ran else ''}",
        f"  outcome   {outcome}",
        f"  way back  {restore_command(target.name, bookmark)}",
        f"  next      {next_}",
    )
    return SeedFailed("\n".join(lines), ran=tuple(ran))
