"""The findings and assumptions of `d1 init`, as text. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pulumi_d1.settings import TOP_LEVEL
from pulumi_d1.wrangler.bindings_file import is_bindings_file

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from pulumi_d1.scaffold.stack_guesses import GuessedStack
    from pulumi_d1.wrangler.entry import WranglerEntry
    from pulumi_d1.wrangler.worker import Worker


def summary_lines(
    project: str, path: str, worker: Worker, stacks: Sequence[GuessedStack], shared: Mapping[str, str]
) -> Iterator[str]:
    """Yield the place of the migrations, the wrangler environment of each stack, and what was assumed."""
    is_generated = is_bindings_file(path)
    yield f"project {project}, {path}:"
    if not worker.entries and not is_generated:
        yield f"  {path} has no D1 database; dev and prod each get a new one"
    yield f"  migrations: {shared.get('migrationsPattern') or shared.get('migrationsDir', 'migrations') + '/*.sql'}"
    for stack in stacks:
        yield f"  stack {stack.name}: {'a new database' if is_generated else _effect(stack)}"
        if stack.doubt:
            option = "--top-level NAME chooses" if stack.environment == TOP_LEVEL else "--production NAME chooses"
            yield f"    assumed, because {stack.doubt}; {option} another"
    for entry in _left_alone(worker.entries, stacks):
        owner = _owner(entry, stacks)
        reason = f"it names the database of stack {owner}" if owner else "no stack manages it"
        yield f"  {entry} stays as it is: {reason}"
    for placeholder in worker.placeholders:
        place = (placeholder.environment, placeholder.binding)
        names = [stack.name for stack in stacks if stack.entry and _place(stack.entry) == place]
        effect = f"; 'pulumi up --stack {names[0]}' writes the id of a new database there" if names else ""
        yield f"  {placeholder}{effect}"
    for line in () if is_generated else _warnings_ahead(worker, stacks):
        yield f"  in advance: {line}"


def _warnings_ahead(worker: Worker, stacks: Sequence[GuessedStack]) -> Iterator[str]:
    """Yield what wrangler will warn about after the first runs, and the choice that avoids it."""
    created = [stack for stack in stacks if stack.environment not in {TOP_LEVEL, *worker.environments}]
    for stack in created:
        section = f"env.{stack.environment}"
        if worker.not_inherited:
            yield (
                f"{section} will have no {', '.join(worker.not_inherited)}: wrangler's environments do not inherit "
                "them, and it warns about each. Add them there"
            )
    if created and not worker.environments and not worker.is_pages:
        yield (
            "the file will have environments, so 'wrangler deploy' warns that multiple environments are defined, "
            'unless it gets --env; --env="" deploys the top level'
        )
    for stack in created:
        if not stack.protected:
            other = ", or with preview-id the one of 'wrangler dev'" if any(map(_has_live_top_level, stacks)) else ""
            yield (
                f"to avoid env.{stack.environment}, run 'pulumi config set wranglerEnvironment none --stack "
                f"{stack.name}' before its first 'pulumi up': it then has a database without a binding{other}"
            )
        elif not any(map(_has_live_top_level, stacks)):
            yield f"to avoid env.{stack.environment}, give production the top level: d1 init --top-level {stack.name}"


def _has_live_top_level(stack: GuessedStack) -> bool:
    return stack.environment == TOP_LEVEL and stack.entry is not None and bool(stack.entry.database_id)


def _effect(stack: GuessedStack) -> str:
    entry = stack.entry
    if stack.shared_entry:
        return (
            f"a new database, once {stack.shared_entry} no longer names the database of another stack; change or "
            "delete the entry first"
        )
    if entry is None:
        place = "the top level" if stack.environment == TOP_LEVEL else f"the wrangler environment {stack.environment}"
        return f"a new database, for {place}"
    if entry.database_id:
        return f"adopts {entry.database_name} ({entry.database_id}), {entry}"
    return f"a new database, for {entry}"


def _left_alone(entries: Sequence[WranglerEntry], stacks: Sequence[GuessedStack]) -> Iterator[WranglerEntry]:
    """Yield the entries that no stack manages."""
    managed = {_place(entry) for stack in stacks for entry in (stack.entry, stack.shared_entry) if entry}
    yield from (entry for entry in entries if _place(entry) not in managed)


def _owner(entry: WranglerEntry, stacks: Sequence[GuessedStack]) -> str:
    """Return the stack that owns the entry's database; empty if none does."""
    owners = (stack for stack in stacks if stack.entry and stack.entry.database_id == entry.database_id)
    owner = next(owners, None) if entry.database_id else None
    return owner.name if owner else ""


def _place(entry: WranglerEntry) -> tuple[str, str]:
    return entry.environment, entry.binding
