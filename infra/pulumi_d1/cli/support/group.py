"""A click group that imports a command when it runs, and turns errors into one message and an exit code."""

from __future__ import annotations

from contextlib import contextmanager
from importlib import import_module
from typing import IO, TYPE_CHECKING, Any, Final

import click

from pulumi_d1.cli.support.exit_codes import ExitCode
from pulumi_d1.cli.support.output import say

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

_HYPHEN: Final = "\ue000"
"""Takes the place of a hyphen, at which no line is broken then."""


class Failed(click.ClickException):
    """An error, printed as all other output is."""

    def show(self, file: IO[Any] | None = None) -> None:  # noqa: ARG002 - click's signature
        """Print the message."""
        say(f"Error: {self.message}", err=True)


class Locked(Failed):
    """Another run has locked the stack."""

    exit_code = ExitCode.LOCKED


class Misuse(Failed):
    """A wrong command line."""

    exit_code = ExitCode.MISUSE

    def __init__(self, error: click.UsageError) -> None:
        super().__init__(error.format_message())
        self._context = error.ctx

    def show(self, file: IO[Any] | None = None) -> None:
        """Print the usage and the message."""
        if self._context is not None:
            say(self._context.get_usage(), err=True)
            say(f"Try '{self._context.command_path} --help' for help.\n", err=True)
        super().show(file)


class _HelpFormatter(click.HelpFormatter):
    """Wraps help between words only: click breaks `--dry-run` at its hyphens."""

    def write_text(self, text: str) -> None:
        """Write a paragraph."""
        super().write_text(text.replace("-", _HYPHEN))

    def write_dl(self, rows: Iterable[tuple[str, str]], col_max: int = 30, col_spacing: int = 2) -> None:
        """Write options or commands with their help."""
        super().write_dl([(name, text.replace("-", _HYPHEN)) for name, text in rows], col_max, col_spacing)

    def getvalue(self) -> str:
        """Return all that was written."""
        return super().getvalue().replace(_HYPHEN, "-")


class _HelpContext(click.Context):
    formatter_class = _HelpFormatter


class LazyGroup(click.Group):
    """A group that imports a command when it runs.

    Args:
        lazy: `module:attribute` and the short help of each command, by name.
    """

    context_class = _HelpContext

    def __init__(self, *, lazy: Mapping[str, tuple[str, str]], **attributes: Any) -> None:
        super().__init__(**attributes)
        self._lazy = lazy

    def make_context(self, *arguments: Any, **options: Any) -> click.Context:
        """Parse the options before the command's name."""
        with _one_message():
            return super().make_context(*arguments, **options)

    def invoke(self, ctx: click.Context) -> Any:
        """Parse the rest, and run the command."""
        with _one_message():
            return super().invoke(ctx)

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """Return the names of all commands; import none."""
        return sorted(self._lazy)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write each command's short help; import none."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, self._lazy[name][1]) for name in self.list_commands(ctx)])

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """Import one command, or return None if it does not exist."""
        if cmd_name not in self._lazy:
            return None
        module, _, attribute = self._lazy[cmd_name][0].partition(":")
        command: click.Command = getattr(import_module(module), attribute)
        return _with_help(command)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """As click, but suggest similar names of commands that are not imported."""
        try:
            return super().resolve_command(ctx, args)
        except click.exceptions.NoSuchCommand as error:
            raise click.exceptions.NoSuchCommand(
                error.command_name, possibilities=self.list_commands(ctx), ctx=ctx
            ) from None


@contextmanager
def _one_message() -> Iterator[None]:
    """Turn an error into a message and an exit code. This is the only place that does."""
    from pulumi_d1.errors import D1Error, StackLocked

    try:
        yield
    except click.UsageError as error:
        raise Misuse(error) from error
    except StackLocked as error:
        raise Locked(str(error)) from error
    except D1Error as error:
        raise Failed(str(error)) from error
    except BrokenPipeError:
        raise  # the reader of the output has closed it; click handles that
    except OSError as error:
        place = f"{error.filename}: " if error.filename else ""
        raise Failed(f"{place}{error.strerror or error}") from error


def _with_help(command: click.Command) -> click.Command:
    """Return the command with our help, and with click's mark for kept lines: two characters in a raw docstring."""
    command.context_class = _HelpContext
    command.help = (command.help or "").replace("\\b\n", "\b\n")
    for inner in getattr(command, "commands", {}).values():
        _with_help(inner)
    return command
