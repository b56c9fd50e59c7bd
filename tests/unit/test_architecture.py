"""The picture of the imports in docs/architecture.md has the arrows of test_layers.py."""

from __future__ import annotations

from tests.support.import_picture import PAGE, with_picture


def test_the_picture_has_each_arrow_that_does_not_follow_from_others() -> None:
    page = PAGE.read_text()
    assert page.count("<!-- imports:begin -->") == 1
    assert with_picture(page) == page, "run python -m tests.support.import_picture --write"
