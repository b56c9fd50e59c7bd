"""The inputs of our resources."""

from __future__ import annotations

import pytest

from pulumi_d1.errors import PlanRefused
from pulumi_d1.program.actions.inputs import database_inputs

SOURCE = {
    "stack": "prod",
    "account_id": "a",
    "database_id": "id",
    "database_name": "shop-db-prod",
    "migrations_table": "d1_migrations",
    "require_mask": "",
}
INPUTS = {"account_id": "a", "database_id": "", "database_name": "shop-db-pr-1", "migrations_table": "d1_migrations"}


def test_a_stack_whose_rows_need_masks_is_no_source_of_a_copy() -> None:
    assert database_inputs({**INPUTS, "copied_from": SOURCE}).readable_source()
    masked = database_inputs({**INPUTS, "copied_from": {**SOURCE, "require_mask": "True"}})
    with pytest.raises(PlanRefused, match="copyFrom is prod, which has the key requireMask"):
        masked.readable_source()
