"""The database's entry in the wrangler configuration as a Pulumi resource.

`infra.program.bindings.WranglerBindingsProvider` is a stored format, like its sibling in `migrations`.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pulumi  # noqa: TC002 - Pulumi resolves the annotations of a resource when it runs
from pulumi.dynamic import CreateResult, DiffResult, ReadResult, Resource, ResourceProvider, UpdateResult

from infra.errors import ConfigError
from infra.files import locked, write_atomically
from infra.program.quiet import message_only
from infra.render import wrangler

if TYPE_CHECKING:
    from collections.abc import Mapping

FIELDS = tuple(wrangler.Binding.__dataclass_fields__)
INPUTS = ("path", *FIELDS)
IDENTITY = ("path", "environment", "binding")


class WranglerBindingsProvider(ResourceProvider):
    """Puts the entry into the file, and takes it out again."""

    serialize_as_secret_always = False

    def diff(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> DiffResult:
        """Changed when an input changed, or when the file lost the entry; another place replaces."""
        changed = [name for name in INPUTS if _olds.get(name) != _news.get(name)]
        with message_only():
            lost = not changed and _text(_news["path"]) != rendered(_news["path"], _entry(_news))
        return DiffResult(
            changes=bool(changed or lost),
            replaces=[name for name in IDENTITY if name in changed],
            delete_before_replace=True,
        )

    def create(self, props: dict[str, Any]) -> CreateResult:
        """Puts the entry into the file."""
        path = Path(props["path"])
        with message_only(), locked(path.parent):
            write_atomically(path, rendered(props["path"], _entry(props)), mode=0o644)
        return CreateResult(f"{props['path']}#{_entry(props).table}.{props['binding']}", dict(props))

    def update(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> UpdateResult:
        """Brings the entry up to date."""
        return UpdateResult(self.create(_news).outs)

    def read(self, id_: str, props: dict[str, Any]) -> ReadResult:
        """The file is looked at by diff; the state holds only what was asked for."""
        return ReadResult(id_, props)

    def delete(self, _id: str, _props: dict[str, Any]) -> None:
        """Takes the entry out of the file."""
        path = Path(_props["path"])
        with message_only(), locked(path.parent):
            if (text := _text(_props["path"])) is not None:
                write_atomically(path, wrangler.remove(text, _entry(_props)), mode=0o644)


class WranglerBindings(Resource, module="d1", name="WranglerBindings"):
    """One entry of `d1_databases` in a wrangler configuration."""

    path: pulumi.Output[str]

    def __init__(
        self, name: str, *, inputs: Mapping[str, pulumi.Input[str]], opts: pulumi.ResourceOptions | None = None
    ) -> None:
        """Args: `inputs` are INPUTS: the file's path and the fields of infra.render.wrangler.Binding."""
        super().__init__(WranglerBindingsProvider(), name, dict(inputs), opts)


def rendered(path: str, entry: wrangler.Binding) -> str:
    """The configuration at `path` with `entry` in it. Writes nothing.

    Raises:
        ConfigError: the file is there and is no wrangler configuration.
    """
    try:
        return wrangler.put(_text(path), entry)
    except ConfigError as error:
        raise ConfigError(f"{path}: {error}") from None


def _entry(props: Mapping[str, Any]) -> wrangler.Binding:
    return wrangler.Binding(**{name: props[name] for name in FIELDS})


def _text(path: str) -> str | None:
    return Path(path).read_text() if Path(path).exists() else None
