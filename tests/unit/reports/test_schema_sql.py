"""A schema as SQL creates the same schema again."""

from __future__ import annotations

from pulumi_d1.reports.schema_sql import schema_sql
from pulumi_d1.sqlite import schema
from pulumi_d1.sqlite.difference import difference
from tests.support.schemas import ALL_KINDS, of


def test_the_statements_create_the_same_schema() -> None:
    original = of(ALL_KINDS)
    again = of(schema_sql(original))
    assert again.objects.keys() == original.objects.keys()
    assert difference(original, again) == ()


def test_the_order_of_creation_does_not_matter() -> None:
    tables = ("CREATE TABLE b (x);", "CREATE TABLE a (x);")
    more = "CREATE VIEW v AS SELECT x FROM a; CREATE INDEX i ON a (x);"
    texts = {schema_sql(of("".join(order) + more)) for order in (tables, tables[::-1])}
    assert texts == {
        "CREATE TABLE a (x);\n\nCREATE INDEX i ON a (x);\n\nCREATE TABLE b (x);\n\nCREATE VIEW v AS SELECT x FROM a;\n"
    }


def test_a_schema_without_objects_is_empty() -> None:
    assert schema_sql(schema.Schema({}, {})) == ""
