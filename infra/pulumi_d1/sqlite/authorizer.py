"""The decisions of the authorizer in `sandbox`: what a statement may do on D1. Pure.

Every list here is a fact about the service, taken from the authorizer in workerd's sqlite.c++.
"""

from __future__ import annotations

import re
from typing import Final

import apsw

from pulumi_d1.sqlite.names import fold, is_reserved_name

# Actions that are always allowed. PRAGMA optimize needs ANALYZE, even on D1's own tables.
_FREE: Final = frozenset({apsw.SQLITE_SELECT, apsw.SQLITE_RECURSIVE, apsw.SQLITE_ANALYZE})

# Actions that depend on the name of the table, index, view or trigger. Actions in none of these sets (ATTACH, DETACH,
# anything TEMP) are refused.
_NAMED: Final = frozenset(
    {
        apsw.SQLITE_ALTER_TABLE,
        apsw.SQLITE_CREATE_TABLE,
        apsw.SQLITE_CREATE_VIEW,
        apsw.SQLITE_DELETE,
        apsw.SQLITE_DROP_TABLE,
        apsw.SQLITE_DROP_VIEW,
        apsw.SQLITE_INSERT,
        apsw.SQLITE_READ,
        apsw.SQLITE_REINDEX,
        apsw.SQLITE_UPDATE,
    }
)
_NAMED_WITH_TABLE: Final = frozenset(
    {
        apsw.SQLITE_CREATE_INDEX,
        apsw.SQLITE_CREATE_TRIGGER,
        apsw.SQLITE_DROP_INDEX,
        apsw.SQLITE_DROP_TRIGGER,
    }
)
_TEMP_ALLOWED: Final = frozenset({apsw.SQLITE_READ, apsw.SQLITE_UPDATE})

MODULES: Final = ("fts5", "fts5vocab", "rtree", "rtree_i32")
"""The kinds of virtual table that D1 can create."""

BOOLEAN_PRAGMAS: Final = frozenset(
    {
        "case_sensitive_like",
        "defer_foreign_keys",
        "foreign_keys",
        "ignore_check_constraints",
        "legacy_alter_table",
        "recursive_triggers",
        "reverse_unordered_selects",
    }
)
_PRAGMAS_THAT_ONLY_READ: Final = frozenset({"data_version", "page_size", "table_list"})
_PRAGMAS_ON_A_NAME: Final = frozenset(
    {"foreign_key_list", "index_info", "index_list", "index_xinfo", "table_info", "table_xinfo"}
)
_PRAGMAS_ON_A_NAME_OR_ALL: Final = frozenset({"foreign_key_check", "quick_check"})
# The service compares prefixes, so `1x` passes there too.
_BOOLEAN: Final = re.compile(r"['\"]?(true|false|yes|no|on|off|1|0)", re.IGNORECASE)
_NUMBER: Final = re.compile(r"\s*[-+]?(0x[0-9a-f]+|[0-9]+)", re.IGNORECASE)

_FUNCTIONS: Final = frozenset(
    """
    abs changes char coalesce concat concat_ws format glob hex ifnull iif instr last_insert_rowid length like
    likelihood likely load_extension lower ltrim nullif octet_length printf quote random randomblob replace round rtrim
    sign soundex substr substring total_changes trim typeof unhex unicode unlikely upper zeroblob

    date time datetime julianday unixepoch strftime timediff current_date current_time current_timestamp

    avg count group_concat max min string_agg sum total

    row_number rank dense_rank percent_rank cume_dist ntile lag lead first_value last_value nth_value

    acos acosh asin asinh atan atan2 atanh ceil cos cosh degrees exp floor ln log log2 mod pi pow radians sin sinh sqrt
    tan tanh trunc

    json json_array json_array_length json_extract -> ->> json_insert json_object json_patch json_remove json_replace
    json_set json_type json_valid json_quote json_group_array json_group_object json_each json_tree

    jsonb jsonb_array jsonb_extract jsonb_insert jsonb_object jsonb_patch jsonb_remove jsonb_replace jsonb_set
    jsonb_group_array jsonb_group_object

    match highlight bm25 snippet

    rtreecheck

    sqlite_rename_column sqlite_rename_table sqlite_rename_test sqlite_drop_column sqlite_rename_quotefix
    """.split()  # noqa: SIM905 - families of names are read more easily than a hundred quoted strings
)


def is_allowed(action: int, first: str | None, second: str | None, database: str | None) -> bool:
    """Return whether D1 allows an action. If not, it answers SQLITE_AUTH.

    Args:
        action: The code that SQLite passes to an authorizer, such as `apsw.SQLITE_READ`.
        first: The action's first argument. Its meaning depends on the action.
        second: The action's second argument.
        database: "main", "temp" or the name of an attached database; None if the action has none.
    """
    if action == apsw.SQLITE_ALTER_TABLE:  # the only action whose first argument is the database
        database, first, second = first, second, None
    if database == "temp":
        return action in _TEMP_ALLOWED and not is_reserved_name(first)
    if database not in {None, "main"}:
        return False
    if action in _NAMED_WITH_TABLE:
        return not (is_reserved_name(first) or is_reserved_name(second))
    if action in _NAMED:
        return not is_reserved_name(first)
    return action in _FREE or _is_listed(action, first or "", second)


def _is_listed(action: int, first: str, second: str | None) -> bool:
    match action:
        case apsw.SQLITE_PRAGMA:
            return _is_allowed_pragma(fold(first), second)
        case apsw.SQLITE_FUNCTION:
            return fold(second or "") in _FUNCTIONS  # CURRENT_TIMESTAMP keeps its case
        case apsw.SQLITE_CREATE_VTABLE | apsw.SQLITE_DROP_VTABLE:
            return not is_reserved_name(first) and fold(second or "") in MODULES
        case _:
            return False


def _is_allowed_pragma(name: str, argument: str | None) -> bool:
    if name in _PRAGMAS_THAT_ONLY_READ:
        return argument is None or name == "table_list"
    if name in BOOLEAN_PRAGMAS:
        return argument is None or _BOOLEAN.match(argument) is not None
    if name in _PRAGMAS_ON_A_NAME:
        return argument is not None and not is_reserved_name(argument)
    if name == "optimize":
        return argument is None or _NUMBER.fullmatch(argument) is not None
    return name in _PRAGMAS_ON_A_NAME_OR_ALL and not is_reserved_name(argument)


def is_on(argument: str) -> bool:
    """Return whether the argument of a boolean PRAGMA that D1 allows turns it on."""
    return argument.strip("'\"").lower() in {"true", "yes", "on", "1"}
