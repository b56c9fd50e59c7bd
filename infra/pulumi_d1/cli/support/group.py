"""A group whose commands are imported when they run or are listed, and whose errors are one message."""

from __future__ import annotations

from contextlib import contextmanager
from importlib import import_module
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
    """A group whose commands are imported when they run."""

    def __init__(self, *, lazy: Mapping[str, tuple[str, str]], **attributes: Any) -> None:
        """Args: `lazy` has `module:attribute` and the short help of each command, by name."""
        super().__init__(**attributes)
        self._lazy = lazy

    def make_context(self, *arguments: Any, **options: Any) -> click.Context:
        """Reads what stands before the command's name."""
        with _one_message():
            return super().make_context(*arguments, **options)

    def invoke(self, ctx: click.Context) -> Any:
        """Reads the rest, and runs the command."""
        with _one_message():
            return super().invoke(ctx)

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """Return the names of all commands; imports none."""
        return sorted(self._lazy)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write each command's short help; imports none."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, self._lazy[name][1]) for name in self.list_commands(ctx)])

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """Import one command, or return None if there is none of that name."""
        if cmd_name not in self._lazy:
            return None
        module, _, attribute = self._lazy[cmd_name][0].partition(":")
        command: click.Command = getattr(import_module(module), attribute)
        return _with_kept_lines(command)

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
    from pulumi_d1.errors import D1Error, StackLocked

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
