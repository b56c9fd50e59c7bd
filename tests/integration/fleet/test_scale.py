"""The output in docs/scale.md is what the commands print."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from tests.support.paths import ROOT

if TYPE_CHECKING:
    from tests.support.cli_project import Project

pytestmark = pytest.mark.slow

DOCUMENT = ROOT / "docs" / "scale.md"
CHECKED = re.compile(r"<!-- checked.*?-->\n```console\n(.*?)```", re.DOTALL)


def test_the_page_shows_what_the_commands_print(project: Project) -> None:
    blocks = CHECKED.findall(DOCUMENT.read_text())
    assert len(blocks) == 3
    for block in blocks:
        for command, output in re.findall(r"\$ d1 (.+)\n((?:[^$].*\n)*)", block):
            process = project.d1(*command.split())
            assert (process.returncode, process.stdout) == (0, output), command
