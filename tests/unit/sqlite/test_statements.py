"""Scripts are split into statements as SQLite does."""

from __future__ import annotations

import apsw
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pulumi_d1.sqlite.statements import (
    Comment,
    Statement,
    check_expressions,
    comments,
    is_terminated,
    normalize_newlines,
    quoted,
    split,
    tokens,
)

# Pieces of SQL on which other splitters fail, to be combined in any order.
_FRAGMENTS = st.sampled_from(
    [
        *(
            "SELECT",
            "1",
            "x",
            " ",
            "\n",
            "\r\n",
            ";",
            "\ufeff",
            "é",
            "\u00a0",
            "\v",
            "-",
            "/",
            "*",
            "(",
            ")",
            "[",
            "]",
            "'",
            '"',
            "`",
        ),
        *("''", "'a;b'", '"a;b"', "`a;b`", "[a;b]", "-- it's; \n", "/* ; ' */", "/*", "*/", "--"),
        *(
            "CREATE ",
            "TEMP ",
            "TRIGGER ",
            "BEGIN ",
            "END",
            "CASE ",
            "EXPLAIN ",
            "QUERY ",
            "PLAN ",
            "create ",
            "trigger ",
        ),
        *("; END;", ";end ;", "; /* c */ END -- c\n;", "END;"),
    ]
)
_SCRIPTS = st.lists(_FRAGMENTS, max_size=40).map("".join)

_TRIGGER = """CREATE TRIGGER log AFTER UPDATE ON t BEGIN
  INSERT INTO l VALUES (CASE WHEN new.a = 1 THEN 'x;' ELSE 'y' END);
  DELETE FROM t WHERE a = CASE 1 WHEN 1 THEN 2 END;
END;"""


def _texts(script: str) -> list[str]:
    return [statement.text for statement in split(script)]


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT 'a;b';",
        "SELECT 'it''s; fine';",
        'SELECT "a;b";',
        "SELECT `a;b`;",
        "SELECT [a;b];",
        "SELECT 1 -- no; end\n;",
        "SELECT /* no; end */ 1;",
        "SELECT '/*', 1;",
        "SELECT '--', 1;",
        _TRIGGER,
        _TRIGGER.lower(),
        _TRIGGER.replace("CREATE", "create /* ; */ temp"),
        _TRIGGER.replace("\n", "\r\n"),
    ],
)
def test_a_semicolon_inside_a_statement_does_not_end_it(statement: str) -> None:
    assert _texts(f"{statement}\nSELECT 2;") == [statement, "SELECT 2;"]


def test_comments_blanks_and_lone_semicolons_are_no_statements() -> None:
    assert split("-- nothing\n ; /* here; */ ;; \ufeff") == ()


def test_a_statement_has_its_place_in_the_script() -> None:
    script = "-- é\nSELECT 1;\n\n  /* two */ SELECT 2\n;\n"
    assert split(script) == (Statement("SELECT 1;", 5, 2), Statement("SELECT 2\n;", 28, 4))
    assert script[28:].startswith("SELECT 2")


def test_the_last_statement_needs_no_semicolon() -> None:
    assert _texts("SELECT 1; SELECT 2 -- end") == ["SELECT 1;", "SELECT 2"]


def test_an_unclosed_string_runs_to_the_end() -> None:
    assert _texts("SELECT 'a; SELECT 2;") == ["SELECT 'a; SELECT 2;"]


def test_a_byte_order_mark_does_not_hide_a_trigger() -> None:
    assert _texts("\ufeff" + _TRIGGER) == [_TRIGGER]


@settings(deadline=None)
@given(_SCRIPTS)
def test_nothing_but_blanks_comments_and_semicolons_is_lost(script: str) -> None:
    end = 0
    for statement in split(script):
        assert script[statement.offset : statement.offset + len(statement.text)] == statement.text
        assert split(script[end : statement.offset]) == ()
        assert statement.line == script.count("\n", 0, statement.offset) + 1
        end = statement.offset + len(statement.text)
    assert split(script[end:]) == ()


@settings(deadline=None)
@given(_SCRIPTS)
def test_joined_pieces_are_split_in_the_same_places(script: str) -> None:
    pieces = _texts(script)
    assert _texts("\n".join(pieces)) == pieces


@settings(deadline=None)
@given(_SCRIPTS)
def test_sqlite_agrees_on_where_statements_end(script: str) -> None:
    # sqlite3_complete() reads a byte order mark as a letter, the parser reads it as a blank. The parser is right.
    *complete, last = _texts(script.replace("\ufeff", "")) or [";"]
    for piece in complete:
        assert apsw.complete(piece)
    assert apsw.complete(last) == is_terminated(last)


@pytest.mark.parametrize("script", ["", "-- c", "SELECT 1;", "SELECT 1; -- c", "SELECT 1; /* c */ ;\n", _TRIGGER])
def test_text_can_follow_a_terminated_script(script: str) -> None:
    assert is_terminated(script)
    assert _texts(f"{script}\nSELECT 9;")[-1] == "SELECT 9;"


@pytest.mark.parametrize(
    "script",
    ["SELECT 1", "SELECT 1 -- ;", "SELECT 1; /* open", "SELECT 1; /*/", "SELECT ';", _TRIGGER[:-1], _TRIGGER[:-5]],
)
def test_text_cannot_follow_an_unterminated_script(script: str) -> None:
    assert not is_terminated(script)


def test_line_ends_change_outside_of_quotes_only() -> None:
    assert normalize_newlines("a\r\n'b\r\n' \"c\r\n\" `d\r\n` [e\r\n] -- it's\r\n;\r") == (
        "a\n'b\r\n' \"c\r\n\" `d\r\n` [e\r\n] -- it's\n;\r"
    )


def test_a_megabyte_is_split_into_all_of_its_statements() -> None:
    line = "INSERT INTO t VALUES (1, 'one; two', \"x\"); -- c\n"
    assert len(split(line * 25_000)) == 25_000


def test_comments_have_their_places() -> None:
    script = "-- one\r\nSELECT '-- two', /* three\n*/ 1; -- four"
    in_script = comments(script)
    assert [comment.text for comment in in_script] == ["-- one", "/* three\n*/", "-- four"]
    assert all(script[comment.offset : comment.end] == comment.text for comment in in_script)
    assert not any(comment.is_open for comment in in_script)


@pytest.mark.parametrize(("text", "is_open"), [("/* a", True), ("/*/", True), ("/**/", False), ("-- a", False)])
def test_a_comment_that_is_never_closed_is_open(text: str, is_open: bool) -> None:  # noqa: FBT001 - a parameter
    assert Comment(text, 0).is_open is is_open


@pytest.mark.parametrize("name", ["plain", "Order", 'a "b"', '"', "it's", "a.b", "", "[x]"])
def test_a_quoted_name_is_one_word(name: str) -> None:
    assert tokens(f"DROP TABLE {quoted(name)}") == ("drop", "table", name.lower())


def test_doubled_quotes_stay_in_their_string() -> None:
    assert tokens("SELECT 'it''s', `a``b`, [c\"d]") == ("select", "'it''s'", ",", "a`b", ",", 'c"d')


def test_checks_have_their_names_and_texts() -> None:
    sql = """CREATE TABLE t (a CHECK (a > (1)) CHECK(a <> ')' /* ( */), b CONSTRAINT "Über 5" CHECK ( b > 5 ),
        "check" INT, c DEFAULT 'CHECK (x)', CONSTRAINT k CHECK ((a) < (b)), UNIQUE (a))"""
    assert check_expressions(sql) == (
        ("", "a > (1)"),
        ("", "a <> ')' /* ( */"),
        ("Über 5", "b > 5"),
        ("k", "(a) < (b)"),
    )
