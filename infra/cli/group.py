"""A group whose commands are imported when they run or are listed, and whose errors are one message."""

from __future__ import annotations

from contextlib import contextmanager
from importlib import import_module
from importlib.metadata import entry_points
from typing import IO, TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

MISUSE = 64
"""Exit code where the command line is wrong: EX_USAGE of sysexits.h. click's own, 2, is what pending files are."""


LOCKED = 75
"""Exit code where another run has the stack: EX_TEMPFAIL of sysexits.h, so that a script knows to try again."""


class Locked(click.ClickException):
    """Another run has the stack."""

    exit_code = LOCKED


class Misuse(click.ClickException):
    """A command line that is wrong; shows itself as click does."""

    exit_code = MISUSE

    def __init__(self, error: click.UsageError) -> None:
        super().__init__(error.message)
        self._error = error

    def show(self, file: IO[Any] | None = None) -> None:
        """Prints usage and message."""
        self._error.show(file)


class LazyGroup(click.Group):
    """The commands of `own`, and those that other packages add through the entry point group `d1.commands`."""

    def __init__(self, *, own: Mapping[str, str], **attributes: Any) -> None:
        """Args: `own` gives `module:attribute` of each command by its name."""
        super().__init__(**attributes)
        self._own = own

    def make_context(self, *arguments: Any, **options: Any) -> click.Context:
        """Reads what stands before the command's name."""
        with _one_message():
            return super().make_context(*arguments, **options)

    def invoke(self, ctx: click.Context) -> Any:
        """Reads the rest, and runs the command."""
        with _one_message():
            return super().invoke(ctx)

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """Names of all commands; loads none."""
        return sorted({*self._own, *(point.name for point in entry_points(group="d1.commands"))})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """Loads one command; None where there is none of that name."""
        if (target := self._own.get(cmd_name)) is not None:
            module, _, attribute = target.partition(":")
            found = getattr(import_module(module), attribute)
        else:
            points = entry_points(group="d1.commands", name=cmd_name)
            if not points:
                return None
            found = next(iter(points)).load()
        assert isinstance(found, click.Command)  # noqa: S101 - what the entry point group promises
        return _with_kept_lines(found)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """As click does, but what is close is looked for among the commands that are not loaded."""
        try:
            return super().resolve_command(ctx, args)
        except click.exceptions.NoSuchCommand as error:
            raise click.exceptions.NoSuchCommand(
                error.command_name, possibilities=self.list_commands(ctx), ctx=ctx
            ) from None


@contextmanager
def _one_message() -> Iterator[None]:
    """The one place where an error becomes a message and an exit code."""
    from infra.errors import D1Error, StackLocked

    try:
        yield
    except click.UsageError as error:
        raise Misuse(error) from error
    except StackLocked as error:
        raise Locked(str(error)) from error
    except D1Error as error:
        raise click.ClickException(str(error)) from error
    except BrokenPipeError:
        raise  # whoever read the output has seen enough; click knows what to do
    except OSError as error:
        place = f"{error.filename}: " if error.filename else ""
        raise click.ClickException(f"{place}{error.strerror or error}") from error


def _with_kept_lines(command: click.Command) -> click.Command:
    """The command, with click's mark for lines that stay apart: in a raw docstring it is two characters."""
    command.help = (command.help or "").replace("\\b\n", "\b\n")
    for inner in getattr(command, "commands", {}).values():
        _with_kept_lines(inner)
    return command
