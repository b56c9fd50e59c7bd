"""The open pull requests: an invalid list never counts as an empty one."""

from __future__ import annotations

import io

import pytest

from pulumi_d1.cli.support.open_pull_requests import read_open_pull_requests
from pulumi_d1.errors import ConfigError


def file(text: str) -> io.StringIO:
    stream = io.StringIO(text)
    stream.name = "open.txt"  # as click names the file
    return stream


def test_numbers_come_from_the_command_line_from_lines_and_from_the_json_of_gh() -> None:
    assert read_open_pull_requests((), None) is None
    assert read_open_pull_requests((12, 15), None) == frozenset({12, 15})
    assert read_open_pull_requests((1,), file("12\n\n 15 \n")) == frozenset({1, 12, 15})
    assert read_open_pull_requests((), file('[{"number": 12}, {"number": 15}]\n')) == frozenset({12, 15})
    assert read_open_pull_requests((), file("[]")) == frozenset()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "open.txt: is empty, as a failed command would leave it"),
        (" \n", "open.txt: is empty"),
        ("12\nHTTP 401: Bad credentials\n", "open.txt:2: 'HTTP 401: Bad credentials' is not the number"),
        ("0", "open.txt:1: '0' is not the number"),
        ('[{"title": "x"}]', "open.txt: 'None' is not the number"),
        ("[true]", "open.txt: 'True' is not the number"),
        ('[{"number": 12}', "open.txt: is not valid JSON"),
    ],
)
def test_anything_else_is_refused(text: str, message: str) -> None:
    with pytest.raises(ConfigError) as error:
        read_open_pull_requests((), file(text))
    assert message in str(error.value)
