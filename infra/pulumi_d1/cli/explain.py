"""`d1 explain`: a part of the documentation, from the files of docs/ that the wheel contains."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from pulumi_d1.reports.manual import TopicKind, find_topics, read_topics
from pulumi_d1.system.packaged import packaged_folder

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pulumi_d1.reports.manual import Topic


def _topics() -> tuple[Topic, ...]:
    folder = packaged_folder("docs")
    files = sorted(folder.rglob("*.md"))
    return read_topics({file.relative_to(folder).as_posix(): file.read_text(encoding="utf-8") for file in files})


def _complete(_context: click.Context, _parameter: click.Parameter, incomplete: str) -> list[str]:
    """Return the names that start with the letters typed so far, in any case."""
    names = {topic.name for topic in _topics()}
    return sorted(name for name in names if name.casefold().startswith(incomplete.casefold()))


@click.command()
@click.argument("topic", nargs=-1, shell_complete=_complete)
@click.pass_context
def explain(context: click.Context, topic: Sequence[str]) -> None:
    r"""Explain a finding, a term or a page of the documentation.

    Without TOPIC, lists all topics. Prints Markdown if the output is not a terminal. Needs no project.

    \b
    Examples:
      d1 explain D101
      d1 explain bookmark
      d1 explain failures | less
    """
    topics = _topics()
    if not topic:
        _print_list(context, topics)
        return
    _print("\n".join(found.text for found in find_topics(topics, " ".join(topic))))


def _print(text: str) -> None:
    if not sys.stdout.isatty():
        click.echo(text, nl=False)
        return
    from rich.console import Console
    from rich.markdown import Markdown

    Console().print(Markdown(text))


def _print_list(context: click.Context, topics: Sequence[Topic]) -> None:
    formatter = context.make_formatter()
    for kind in TopicKind:
        with formatter.section(kind.value):
            formatter.write_dl([(topic.name, topic.title) for topic in topics if topic.kind is kind])
    click.echo(formatter.getvalue(), nl=False)
