"""A YAML text is a value that Pulumi has, or one of our errors with the place of the mistake."""

from __future__ import annotations

import pytest

from pulumi_d1.errors import ConfigError
from pulumi_d1.system.yaml_text import parse_yaml


def test_values_are_those_of_yaml_but_dates_stay_texts() -> None:
    text = "config:\n  a: 7\n  b: &x [true, null, 1.5]\n  c: *x\n  d: 2026-11-29\n  e: '2026-99-99'\n  f: 2026-99-99\n"
    config = {"a": 7, "b": [True, None, 1.5], "c": [True, None, 1.5], "d": "2026-11-29"}
    assert parse_yaml(text) == {"config": {**config, "e": "2026-99-99", "f": "2026-99-99"}}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: [1", r"^is not valid YAML: expected ',' or ']', but got '<stream end>' \(at line 1, column 6\)$"),
        ("a: b: c", r"^is not valid YAML: mapping values are not allowed here \(at line 1, column 5\)$"),
        ("a: !!python/object:os.system x", "^is not valid YAML: could not determine a constructor"),
        ("a: \0", "^is not valid YAML: it has a character that YAML does not allow$"),
        ("[1]: x", "^is not valid YAML: found unhashable key"),
        (f"a: {'9' * 5_000}", "^is not valid YAML: a value does not have the form of its type$"),
        ("a: !!int x", "^is not valid YAML: a value does not have the form of its type$"),
        ("a: !!bool x", "^is not valid YAML: a value does not have the form of its type$"),
        ("a: !!timestamp x", "^is not valid YAML: a value does not have the form of its type$"),
        ("a: !!timestamp 2026-11-29", "^has a value of the type date, which Pulumi does not have: write it as text$"),
        ("a: !!set {x}", "^has a value of the type set"),
        ("a: !!binary aGk=", "^has a value of the type bytes"),
        (r'a: "\ud800"', r"^has the character U\+D800 in a value, which cannot be printed: remove it$"),
        (r'"\x1b[2J": a', r"^has the character U\+001B in a value"),
        ("a: " + "[" * 200 + "]" * 200, "^is nested too deeply to be read$"),
        ("[" * 100_000, "^is nested too deeply to be read$"),
        ("&a [*a, *a, *a]", "^is nested too deeply to be read$"),
        ("a: &a {b: *a}", "^is nested too deeply to be read$"),
        ("a: &a [x]\nb: [" + "*a, " * 31 + "]", r"^has more than 30 aliases \(\*name\): write the values out$"),
    ],
)
def test_what_is_no_value_of_pulumi_is_refused_in_one_line(text: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message) as caught:
        parse_yaml(text)
    assert str(caught.value).isprintable()


def test_thirty_levels_of_aliases_are_no_bomb() -> None:
    levels = "".join(f"b{n}: &b{n} [*b{n - 1}, *b{n - 1}]\n" for n in range(1, 16))
    assert len(str(parse_yaml(f"b0: &b0 x\n{levels}"))) < 2_000_000
