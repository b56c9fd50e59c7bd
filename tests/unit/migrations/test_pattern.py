"""The config key migrationsPattern: its allowed values, and the files that it matches."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pulumi_d1.errors import ConfigError
from pulumi_d1.migrations.pattern import DEFAULT, Pattern, make_pattern


@pytest.mark.parametrize(
    ("folder", "pattern", "inside"),
    [
        ("migrations", "migrations/*/migration.sql", "*/migration.sql"),
        ("./migrations/", "migrations/*.sql", "*.sql"),
        ("migrations", "./migrations//**/*.sql/", "**/*.sql"),
        ("db\\steps", "db/x/../steps\\*.sql", "*.sql"),
        ("../sql", "../sql/*.sql", "*.sql"),
        (".", "*/migration.sql", "*/migration.sql"),
        (".", "./*.sql", "*.sql"),
        ("[a]", "[a]/*.sql", "*.sql"),
        ("/srv/sql", "/srv/sql/*.sql", "*.sql"),
    ],
)
def test_the_pattern_starts_with_the_folder_however_the_two_are_written(folder: str, pattern: str, inside: str) -> None:
    assert make_pattern(folder, pattern).inside == inside


@pytest.mark.parametrize(
    "pattern", ["sql/*.sql", "migrations", "migrations/", "migrations2/*.sql", "*/*.sql", "/migrations/*.sql"]
)
def test_a_pattern_of_another_folder_is_refused_with_both_values(pattern: str) -> None:
    with pytest.raises(ConfigError) as refused:
        make_pattern("migrations", pattern)
    assert str(refused.value).startswith(f"migrationsPattern '{pattern}' does not start with 'migrations/'")
    assert "migrationsDir" in str(refused.value)


def test_no_pattern_is_the_sql_files_directly_in_the_folder() -> None:
    assert make_pattern("migrations", "") == DEFAULT == make_pattern("migrations", "migrations/*.sql")


@pytest.mark.parametrize(
    ("inside", "name"),
    [
        ("*/migration.sql", "1_a/migration.sql"),
        ("**/*.sql", "a.sql"),
        ("**/*.sql", "a/b/c.sql"),
        ("{1_a,2_b}/*.sql", "2_b/x.sql"),
        ("{1_a/up,2_b}.sql", "1_a/up.sql"),
        ("[0-9]*.sql", "7.sql"),
        ("[!0-9]*.sql", "x.sql"),
        ("000?.sql", "0001.sql"),
        ("??.sql", "😀.sql"),
        (".hidden/*.sql", ".hidden/a.sql"),
    ],
)
def test_a_file_counts_that_matches(inside: str, name: str) -> None:
    assert make_pattern(".", inside).matches(name)


@pytest.mark.parametrize(
    ("inside", "name"),
    [
        ("*.sql", "a/b.sql"),
        ("*.sql", ".a.sql"),
        ("*.sql", ".sql"),
        ("*.sql", "A.SQL"),
        ("**/*.sql", ".git/a.sql"),
        ("*/migration.sql", "a/b/migration.sql"),
        ("*/migration.sql", "migration.sql"),
        ("?.sql", "😀.sql"),
        ("[.]a.sql", ".a.sql"),
    ],
)
def test_a_file_does_not_count_that_does_not_match(inside: str, name: str) -> None:
    assert not make_pattern(".", inside).matches(name)


@pytest.mark.parametrize(
    ("inside", "culprit"),
    [
        ("!(a).sql", "'!'"),
        ("#a.sql", "'#'"),
        ("@(a|b).sql", "'('"),
        ("a|b.sql", "'|'"),
        ("[[:alpha:]].sql", "'['"),
        ("[]a].sql", "'['"),
        ("[a/b].sql", "'['"),
        ("a].sql", "']'"),
        ("{1..3}.sql", "'{'"),
        ("{a}/{b,c}.sql", "'{'"),
        ("${a,b}.sql", "'{'"),
        ("a}.sql", "'}'"),
        ("a\nb.sql", r"'\n'"),
        ("**/**/a.sql", "'**' more than once"),
        ("**/a/**/.a.sql", "'**' more than once"),
        ("{a,b}" * 10 + ".sql", "more than 1000 patterns"),
    ],
)
def test_a_pattern_that_wrangler_reads_differently_is_refused_by_name(inside: str, culprit: str) -> None:
    with pytest.raises(ConfigError) as refused:
        make_pattern("migrations", f"migrations/{inside}")
    assert culprit in str(refused.value)
    assert "migrationsPattern 'migrations/" in str(refused.value)
    assert "use only *, **, ?, [a-z] and {a,b}, which wrangler and this program read alike" in str(refused.value)


@given(st.text(st.sampled_from("a.é/ \n\\*[]{}😀"), max_size=6), st.sampled_from([".sql", "sql", "", ".SQL"]))
def test_a_flat_folder_needs_no_glob_and_counts_the_same_files(start: str, end: str) -> None:
    assert DEFAULT.matches(start + end) == Pattern("{*.sql,*.sql}").matches(start + end)
