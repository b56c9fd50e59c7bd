"""Send seeds, each in its own request. If a response is lost, the file may have run, and runs again next time."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from pulumi_d1.cloudflare.retry import Retry
from pulumi_d1.errors import ApiError, NoConnection, OutcomeUnknown, PlanRefused, SeedFailed, SqlRefused, TryLater
from pulumi_d1.escaping import escape_line
from pulumi_d1.migrations.bookmark import restore_command
from pulumi_d1.migrations.importing import refused_imports
from pulumi_d1.migrations.run.request import make_request
from pulumi_d1.migrations.run.sender import send

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from pulumi_d1.cloudflare.database import Database
    from pulumi_d1.migrations.folder import Migration

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class SeedTarget:
    """The database, as messages name it.

    Attributes:
        folder: Folder of the seeds, as the user wrote it.
    """

    name: str
    folder: str


def refuse_imports(seeds: Iterable[Migration], folder: str) -> None:
    """Refuse seeds that a query and an import would run differently.

    Raises:
        PlanRefused: There are some. The message has a line for each.
    """
    if lines := refused_imports(seeds, folder):
        raise PlanRefused("\n".join(("no seed was run:", *(f"  {escape_line(line)}" for line in lines))))


def run_seeds(
    database: Database,
    seeds: Sequence[Migration],
    target: SeedTarget,
    *,
    record: Callable[[Migration], None] = lambda _: None,
    retry: Retry | None = None,
) -> None:
    """Run seeds in order.

    Args:
        record: Called with each file as soon as it ran.
        retry: Waits before a request is repeated.

    Raises:
        ConfigError: A file cannot be sent as it is. Nothing was written.
        PlanRefused: A query and an import would run a file differently. Nothing was written.
        SeedFailed: A file was refused, or its response was lost.
        ApiError: Cloudflare returned no bookmark. Nothing was written.
    """
    refuse_imports(seeds, target.folder)
    requests = [make_request(seed, target.folder, "") for seed in seeds]
    if not any(any(request.pieces) for request in requests):
        for seed in seeds:
            record(seed)
        return
    bookmark = database.bookmark()
    retry = retry or Retry()
    ran: list[str] = []
    for seed, request in zip(seeds, requests, strict=True):
        try:
            if any(request.pieces):  # D1 refuses a request without a statement, such as a file of comments
                retry.call(partial(send, database, request), on=(NoConnection, TryLater))
        except ApiError as error:
            raise _failure(seed, error, target, ran, bookmark) from error
        ran.append(seed.name)
        record(seed)
        logger.info(f"seeded {seed.name} ({len(ran)} of {len(seeds)})")


def _failure(seed: Migration, error: ApiError, target: SeedTarget, ran: Sequence[str], bookmark: str) -> SeedFailed:
    if isinstance(error, OutcomeUnknown):
        outcome, next_step = "unknown: the file may have run", "run 'pulumi up' again; it runs the file again"
    elif isinstance(error, SqlRefused):
        outcome, next_step = "rolled back: nothing of the file remains", "fix the file, then run 'pulumi up' again"
    else:
        outcome, next_step = "not run", "run 'pulumi up' again once the API responds"
    lines = (
        f"seed {target.folder}/{seed.name} failed: {error}",
        f"  database  {target.name}",
        f"  kept      {', '.join(ran) or 'nothing'}{' (run before the failure)' if ran else ''}",
        f"  outcome   {outcome}",
        f"  restore   {restore_command(target.name, bookmark)}",
        f"  next      {next_step}",
    )
    return SeedFailed("\n".join(map(escape_line, lines)), ran=tuple(ran))
