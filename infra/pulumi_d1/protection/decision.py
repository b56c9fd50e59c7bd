"""What stands between a database and its deletion: what changed, what it holds, and what somebody has confirmed. Pure.

A database goes because its stack is destroyed, or because Pulumi has to replace it: what D1 can't change in place are
its name, account, jurisdiction and location.
"""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pulumi_d1.errors import NotConfirmed

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from pulumi_d1.settings import Settings
    from pulumi_d1.sqlite.schema import SchemaObject


@dataclass(frozen=True, slots=True)
class Owned:
    """The database that a stack has, as its state says.

    Attributes:
        id: its UUID.
        name: of it.
        account_id: account that it is in.
        jurisdiction: where its data must stay; empty for anywhere.
        location_hint: where it was asked to be; empty for anywhere.
        released: UUID whose deletion the last run wrote down as confirmed; empty for none.
    """

    id: str
    name: str
    account_id: str
    jurisdiction: str = ""
    location_hint: str = ""
    released: str = ""

    def kept(self, settings: Settings) -> Settings:
        """`settings`, but for those that would make it another database."""
        identity = {
            "given_name": self.name,
            "account_id": self.account_id,
            "jurisdiction": self.jurisdiction,
            "location_hint": self.location_hint,
        }
        return settings.model_copy(update=identity)


@dataclass(frozen=True, slots=True)
class Change:
    """What would make the stack's database another one.

    Attributes:
        text: what it is, and what it would be.
        undo: command that makes it what it is again.
    """

    text: str
    undo: str


@dataclass(frozen=True, slots=True)
class Contents:
    """What of a database is its user's.

    Attributes:
        tables: their names; not those of SQLite, of the service, of a virtual table, nor the ledger.
        virtual: those that are virtual, such as FTS5: Cloudflare exports no database that has one.
        unreadable: those of them whose content nobody can read.
    """

    tables: tuple[str, ...]
    virtual: tuple[str, ...] = ()
    unreadable: tuple[str, ...] = ()

    def __str__(self) -> str:
        """`2 tables: sessions, users`."""
        if not self.tables:
            return "no table"
        return f"{len(self.tables)} table{'s' * (len(self.tables) > 1)}: {', '.join(self.tables)}"


@dataclass(frozen=True, slots=True)
class Doomed:
    """A database that is about to be deleted, by what the last run wrote down.

    Attributes:
        id: its UUID.
        name: of it.
        stack: that has it.
        protected: whether the stack is configured to protect it.
        confirmed: value of `confirmDeletion`; empty for none.
        key: what that key is called in this program's configuration.
    """

    id: str
    name: str
    stack: str
    protected: bool
    confirmed: str
    key: str

    @property
    def is_released(self) -> bool:
        """Whether its deletion, and no other database's, is confirmed."""
        return self.confirmed == self.id

    def refuse_replacement(self, contents: Contents | str, changes: Sequence[Change] = ()) -> None:
        """Stops a replacement that would lose rows, or a protected database.

        Args:
            contents: what it holds, or the reason why that can't be told.
            changes: why it would be replaced; empty where Pulumi was asked to.

        Raises:
            NotConfirmed: with what changed, what is lost, and what to do.
        """
        if self.is_released or (not self.protected and isinstance(contents, Contents) and not contents.tables):
            return
        asked = (Change("nothing: Pulumi was asked to replace it (--replace, --target-replace, state taint)", ""),)
        copy_from = f"pulumi config set {self.key.replace('confirmDeletion', 'copyFrom')} {shlex.quote(self.stack)}"
        lines = (
            f"nothing was done: the database {self.name} ({self.id}) would be deleted, and an empty one be made",
            *self._state(contents),
            *(f"  changed    {change.text}" for change in changes or asked),
            *(f"  keep it    {change.undo}" for change in changes if change.undo),
            f"  copy it    pulumi stack init NAME; {copy_from} --stack NAME; pulumi up --stack NAME",
            *self._steps("lose it", "pulumi up", "again: exports it, and replaces it"),
        )
        raise NotConfirmed("\n".join(lines))

    def refuse_deletion(self, contents: Contents | str, *, export: bool) -> None:
        """Stops a deletion that nobody has confirmed, of a database that is protected or can't be exported.

        Args:
            contents: as for refuse_replacement.
            export: whether what it holds is to be exported before.

        Raises:
            NotConfirmed: with what to do.
        """
        if self.is_released:
            return
        if isinstance(contents, str):
            reason = "can't be looked into before"
        elif self.protected:
            reason = "is protected"
        elif export and contents.unreadable:
            tables = ", ".join(contents.unreadable)
            reason = f"can't be exported whole before: nobody can read what the virtual tables {tables} hold"
        else:
            return
        lines = (
            f"nothing was deleted: the database {self.name} ({self.id}) {reason}",
            *self._state(contents),
            *self._steps("delete it", "pulumi destroy", "exports it, and deletes it"),
        )
        raise NotConfirmed("\n".join(lines))

    def _state(self, contents: Contents | str) -> Iterable[str]:
        if self.protected:
            yield "  protect    is set for this stack"
        yield f"  holds      {contents}"
        if self.confirmed:
            yield f"  confirmed  {self.confirmed}, which is another database ({self.key})"

    def _steps(self, title: str, command: str, what: str) -> Iterable[str]:
        stack = f"--stack {shlex.quote(self.stack)}"
        steps = (
            (f"pulumi config set {self.key} {self.id} {stack}", ""),
            (f"pulumi up {stack}", "takes the protection off, and deletes nothing"),
            (f"{command} {stack}", what),
        )
        width = max(len(step) for step, note in steps if note)
        lines = (f"{step:{width}}   # {note}" if note else step for step, note in steps)
        return (f"  {title if number == 0 else '':<10} {line}" for number, line in enumerate(lines))


def record(settings: Settings) -> dict[str, Any]:
    """What a run writes down for the one that deletes: an input, as JSON, of what is deleted before the database."""
    return {
        "stack": settings.environment,
        "protect": settings.protect,
        "confirmed": settings.confirm_deletion,
        "key": settings.key("confirmDeletion"),
        "exports_dir": settings.exports_dir,
        "export": settings.export_on_destroy,
    }


def doomed_from(written: Mapping[str, Any], database_id: str, name: str) -> Doomed:
    """The database of which `record` was written down."""
    return Doomed(
        id=database_id,
        name=name,
        stack=written["stack"],
        protected=written["protect"],
        confirmed=written["confirmed"],
        key=written["key"],
    )


def changes(owned: Owned, settings: Settings) -> tuple[Change, ...]:
    """What of `settings` would make the stack's database another one."""
    found = (
        ("name", owned.name, settings.database_name, "databaseName", "D1 renames none"),
        ("account", owned.account_id, settings.account_id, "accountId", "no database moves to another account"),
        ("jurisdiction", owned.jurisdiction, settings.jurisdiction, "jurisdiction", "that of a database is for good"),
        ("location", owned.location_hint, settings.location_hint, "locationHint", "it says where to create one"),
    )
    return tuple(
        Change(f"{what}: {old or 'none'} -> {new or 'none'}; {why}", _set(settings, key, old))
        for what, old, new, key, why in found
        if old != new
    )


def contents(objects: Iterable[SchemaObject], ledger: str) -> Contents:
    """What of a database's schema is its user's.

    Args:
        objects: the schema.
        ledger: name of the ledger.
    """
    tables = sorted((item for item in objects if item.type == "table"), key=lambda item: item.name)
    virtual = tuple(item.name for item in tables if item.is_virtual)
    shadows = tuple(f"{name}_".lower() for name in virtual)
    own = (item.name for item in tables if item.name.lower() != ledger.lower())
    return Contents(tuple(name for name in own if not name.lower().startswith(shadows)), virtual)


def _set(settings: Settings, key: str, value: str) -> str:
    stack = f"--stack {shlex.quote(settings.environment)}"
    full = settings.key(key)
    return f"pulumi config set {full} {value} {stack}" if value else f"pulumi config rm {full} {stack}"
