"""The decision whether a database may be deleted or replaced. Pure.

A database is deleted with its stack, or because Pulumi has to replace it: D1 cannot change a database's name, account,
jurisdiction or location.
"""

from __future__ import annotations

import shlex
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from pulumi_d1.errors import NotConfirmed
from pulumi_d1.escaping import escape_line
from pulumi_d1.sqlite.names import fold

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from pulumi_d1.settings import Settings
    from pulumi_d1.sqlite.schema import SchemaObject


@dataclass(frozen=True, slots=True)
class StackDatabase:
    """The database that a stack already has, read from its state.

    Attributes:
        id: UUID.
        jurisdiction: Where the data must stay; empty for anywhere.
        location_hint: Where the database was created; empty if nobody chose.
        confirmed: UUID of the database whose deletion the last run recorded as confirmed; empty for none.
    """

    id: str
    name: str
    account_id: str
    jurisdiction: str = ""
    location_hint: str = ""
    confirmed: str = ""

    def keep_identity(self, settings: Settings) -> Settings:
        """Return `settings` with this database's name, account, jurisdiction and location."""
        identity = {
            "given_name": self.name,
            "account_id": self.account_id,
            "jurisdiction": self.jurisdiction,
            "location_hint": self.location_hint,
        }
        return settings.model_copy(update=identity)


@dataclass(frozen=True, slots=True)
class IdentityChange:
    """A changed setting that forces Pulumi to replace the database.

    Attributes:
        text: The old and the new value, and why D1 cannot change it.
        undo: The command that restores the old value; empty if there is none.
    """

    text: str
    undo: str = ""


@dataclass(frozen=True, slots=True)
class DatabaseContents:
    """The user's part of a database.

    Attributes:
        tables: Their names, without those of SQLite, of the service and of virtual tables, and without the ledger.
        virtual: The virtual tables, such as FTS5; Cloudflare exports no database that has one.
        unreadable: The virtual tables whose content no client can read.
        unknown: Why the database cannot be inspected; empty if it was.
    """

    tables: tuple[str, ...] = ()
    virtual: tuple[str, ...] = ()
    unreadable: tuple[str, ...] = ()
    unknown: str = ""

    def __str__(self) -> str:
        """Return `2 tables: sessions, users`, or why that is unknown."""
        if self.unknown:
            return self.unknown
        if not self.tables:
            return "no table"
        return escape_line(f"{len(self.tables)} table{'s' * (len(self.tables) > 1)}: {', '.join(self.tables)}")


@dataclass(frozen=True, slots=True)
class DeletionRules:
    """A stack's decisions about the deletion of its database.

    `pulumi destroy` runs no program, so each run records them in the inputs of what is deleted before the database.

    Attributes:
        confirmed: Value of `confirmDeletion`; empty for none.
        key: The full name of that key in this program's configuration.
        export: Whether a database with tables is exported before it is deleted.
    """

    stack: str
    protect: bool
    confirmed: str
    key: str
    exports_dir: str
    export: bool

    def as_json(self) -> dict[str, Any]:
        """Return the rules as Pulumi's state keeps them: `DeletionRules(**json)` reads them back."""
        return asdict(self)


def rules_from(settings: Settings) -> DeletionRules:
    """Return the deletion rules of a stack's settings."""
    return DeletionRules(
        stack=settings.environment,
        protect=settings.protect,
        confirmed=settings.confirm_deletion,
        key=settings.key("confirmDeletion"),
        exports_dir=settings.exports_dir,
        export=settings.export_on_destroy,
    )


@dataclass(frozen=True, slots=True)
class PendingDeletion:
    """A database that is about to be deleted or replaced.

    Attributes:
        id: UUID.
        rules: Rules that the last run recorded.
    """

    id: str
    name: str
    ledger: str
    rules: DeletionRules

    @property
    def is_confirmed(self) -> bool:
        """True if the deletion of this database, and of no other, is confirmed."""
        return self.rules.confirmed == self.id

    def refuse_replacement(self, contents: DatabaseContents, changes: Sequence[IdentityChange] = ()) -> None:
        """Refuse a replacement that would lose rows, or a protected database.

        Args:
            changes: The changed settings; empty if the user asked Pulumi to replace it.

        Raises:
            NotConfirmed: The changes, the loss, and the commands to choose from.
        """
        is_empty = not contents.tables and not contents.unknown
        if self.is_confirmed or (is_empty and not self.rules.protect):
            return
        asked = (IdentityChange("nothing: Pulumi was asked to replace it (--replace, --target-replace, state taint)"),)
        copy_key = self.rules.key.replace("confirmDeletion", "copyFrom")
        copy_from = f"pulumi config set {copy_key} {shlex.quote(self.rules.stack)}"
        lines = (
            f"nothing was done: the database {self.name} ({self.id}) would be replaced by an empty one",
            *self._facts(contents),
            *(f"  changed    {change.text}" for change in changes or asked),
            *(f"  keep it    {change.undo}" for change in changes if change.undo),
            f"  copy it    pulumi stack init NAME; {copy_from} --stack NAME; pulumi up --stack NAME",
            *self._steps("lose it", "pulumi up", "exports the database, then replaces it"),
        )
        raise NotConfirmed("\n".join(map(escape_line, lines)))

    def refuse_deletion(self, contents: DatabaseContents) -> None:
        """Refuse the unconfirmed deletion of a database that is protected or cannot be exported.

        Raises:
            NotConfirmed: The reason, and the commands that delete it.
        """
        if self.is_confirmed:
            return
        if contents.unknown:
            reason = "cannot be inspected first"
        elif self.rules.protect:
            reason = "is protected"
        elif self.rules.export and contents.unreadable:
            tables = ", ".join(contents.unreadable)
            reason = f"cannot be exported completely: no client can read the virtual tables {tables}"
        else:
            return
        lines = (
            f"nothing was deleted: the database {self.name} ({self.id}) {reason}",
            *self._facts(contents),
            *self._steps("delete it", "pulumi destroy", "exports the database, then deletes it"),
        )
        raise NotConfirmed("\n".join(map(escape_line, lines)))

    def _facts(self, contents: DatabaseContents) -> Iterable[str]:
        if self.rules.protect:
            yield "  protect    is set for this stack"
        yield f"  holds      {contents}"
        if self.rules.confirmed:
            yield f"  confirmed  {self.rules.confirmed}, which is another database ({self.rules.key})"

    def _steps(self, title: str, command: str, effect: str) -> Iterable[str]:
        stack = f"--stack {shlex.quote(self.rules.stack)}"
        steps = (
            (f"pulumi config set {self.rules.key} {self.id} {stack}", ""),
            (f"pulumi up {stack}", "removes the protection, deletes nothing"),
            (f"{command} {stack}", effect),
        )
        width = max(len(step) for step, note in steps if note)
        lines = (f"{step:{width}}   # {note}" if note else step for step, note in steps)
        return (f"  {title if number == 0 else '':<10} {line}" for number, line in enumerate(lines))


def identity_changes(database: StackDatabase, settings: Settings) -> tuple[IdentityChange, ...]:
    """Return the settings that differ from the stack's database and that D1 cannot change in place."""
    identity = (
        ("name", database.name, settings.database_name, "databaseName", "D1 cannot rename databases"),
        ("account", database.account_id, settings.account_id, "accountId", "D1 cannot move a database"),
        ("jurisdiction", database.jurisdiction, settings.jurisdiction, "jurisdiction", "D1 cannot change it"),
        ("location", database.location_hint, settings.location_hint, "locationHint", "D1 cannot change it"),
    )
    return tuple(
        IdentityChange(f"{what}: {old or 'none'} -> {new or 'none'}; {why}", _config_command(settings, key, old))
        for what, old, new, key, why in identity
        if old != new
    )


def database_contents(objects: Iterable[SchemaObject], ledger: str) -> DatabaseContents:
    """Return the user's part of a schema."""
    tables = sorted((item for item in objects if item.type == "table"), key=lambda item: item.name)
    virtual = tuple(item.name for item in tables if item.is_virtual)
    shadow_prefixes = tuple(fold(f"{name}_") for name in virtual)
    own = (item.name for item in tables if fold(item.name) != fold(ledger))
    return DatabaseContents(tuple(name for name in own if not fold(name).startswith(shadow_prefixes)), virtual)


def _config_command(settings: Settings, key: str, value: str) -> str:
    stack, full_key = f"--stack {shlex.quote(settings.environment)}", settings.key(key)
    return f"pulumi config set {full_key} {value} {stack}" if value else f"pulumi config rm {full_key} {stack}"
