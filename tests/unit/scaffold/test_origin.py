"""The requirement that installs this package from where it came."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from pulumi_d1.scaffold.origin import Origin, parse_origin
from pulumi_d1.scaffold.project_files import FileAction, ScaffoldFile, plan_change

GIT = {"vcs": "git", "commit_id": "abc"}


@pytest.mark.parametrize(
    ("record", "requirement"),
    [
        ({"url": "https://host/a.git", "vcs_info": GIT}, "pulumi-d1 @ git+https://host/a.git@abc"),
        ({"url": "https://a-token@host/a.git", "vcs_info": GIT}, "pulumi-d1 @ git+https://host/a.git@abc"),
        ({"url": "https://me:secret@host:8/a.git", "vcs_info": GIT}, "pulumi-d1 @ git+https://host:8/a.git@abc"),
        ({"url": "ssh://git@host/a.git", "vcs_info": GIT}, "pulumi-d1 @ git+ssh://git@host/a.git@abc"),
        ({"url": "ssh://me:secret@host/a.git", "vcs_info": GIT}, "pulumi-d1 @ git+ssh://me@host/a.git@abc"),
        (
            {"url": "https://host/a.git", "vcs_info": GIT, "subdirectory": "py"},
            "pulumi-d1 @ git+https://host/a.git@abc#subdirectory=py",
        ),
        ({"url": "https://me:secret@host/a.whl", "archive_info": {}}, "pulumi-d1 @ https://host/a.whl"),
        (
            {"url": "https://host/a.whl", "archive_info": {"hashes": {"sha256": "12"}}},
            "pulumi-d1 @ https://host/a.whl#sha256=12",
        ),
    ],
)
def test_an_address_is_kept_without_secrets(record: dict[str, Any], requirement: str) -> None:
    assert parse_origin(json.dumps(record), "0.1.0") == Origin(requirement)


def test_an_index_gives_a_version_and_a_file_a_copy() -> None:
    assert parse_origin(None, "0.1.0") == Origin("pulumi-d1~=0.1.0")
    record = {"url": "file:///a%20b/p-1.whl", "archive_info": {"hashes": {"sha256": "12"}}}
    assert parse_origin(json.dumps(record), "1") == Origin("./vendor/p-1.whl", Path("/a b/p-1.whl"), "12")


@pytest.mark.parametrize("info", [{"dir_info": {"editable": True}}, {"vcs_info": GIT}])
def test_a_folder_of_this_machine_is_no_requirement(info: dict[str, Any]) -> None:
    origin = parse_origin(json.dumps({"url": "file:///a", **info}), "0.1.0")
    assert origin == Origin("pulumi-d1~=0.1.0", folder="file:///a")


@pytest.mark.parametrize(
    "line",
    ["pulumi_d1", "Pulumi-D1[backup] == 1", "./vendor/pulumi_d1-0.1.0-py3-none-any.whl", "pulumi-d1 @ git+https://h@a"],
)
def test_a_line_for_this_package_is_kept(line: str) -> None:
    wanted = ScaffoldFile("requirements.txt", "./vendor/pulumi_d1-0.2.0-py3-none-any.whl\n", is_lines=True)
    assert plan_change(wanted, f"requests\n{line}\n".encode()).action is FileAction.KEEP
    for other in ("pulumi-d1-extra==1", "# pulumi-d1", "not-pulumi-d10"):
        assert plan_change(wanted, other.encode()).action is FileAction.ADD


def test_a_copy_is_written_once_and_never_over_another_file() -> None:
    wheel = ScaffoldFile("vendor/a.whl", b"\xff\x00")
    assert plan_change(wheel, None).action is FileAction.CREATE
    assert plan_change(wheel, b"\xff\x00").action is FileAction.KEEP
    assert plan_change(wheel, b"\xff").action is FileAction.CONFLICT
