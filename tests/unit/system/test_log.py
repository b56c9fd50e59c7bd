"""A long activity is logged now and then, and a short one is not."""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING

from pulumi_d1.system.log import reported

if TYPE_CHECKING:
    import pytest


def test_a_long_activity_is_logged_until_it_ends(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, logger="pulumi_d1")
    with reported("copying", every=0.05):
        while len(caplog.messages) < 2:
            time.sleep(0.01)
    number = len(caplog.messages)
    assert set(caplog.messages) == {"copying (0 s)"}
    time.sleep(0.1)
    assert len(caplog.messages) == number


def test_a_short_activity_is_not_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, logger="pulumi_d1")
    with reported("copying"):
        pass
    assert caplog.messages == []
