"""Files that `d1 init` writes, and existing ones that it never overwrites."""

from __future__ import annotations

import yaml

from pulumi_d1.scaffold.project_files import FileAction, ScaffoldFile, plan_change, program_files, remaining_changes


def test_yaml_reads_the_values_as_text() -> None:
    values = {
        "a": "1e5",
        "b": "true",
        "c": "~",
        "d": "*",
        "e": "a: b",
        "f": "00ff",
        "g": "é\n",
        "h": "x/*/y.sql",
        "i": "",
    }
    for name in ("shop", "123", "null"):
        texts = {
            file.path: file.content
            for file in program_files(name, "on", values, {"dev": values, "prod": {}}, "pulumi-d1~=1.2.3")
        }
        project = yaml.safe_load(texts["Pulumi.yaml"])
        assert (project["name"], project["config"]) == (name, values)
        assert project["runtime"]["options"]["virtualenv"] == "on"
        assert yaml.safe_load(texts["Pulumi.prod.yaml"]) == {"config": {}}
    stack = yaml.safe_load(
        next(file.content for file in program_files("shop", ".venv", {}, {"dev": values}, "pulumi-d1~=1.2.3"))
    )
    assert stack["config"] == {f"shop:{key}": value for key, value in values.items()}


def test_an_existing_file_is_kept_added_to_or_a_conflict() -> None:
    lines = ScaffoldFile(".gitignore", ".venv/\n.d1/\n", is_lines=True)
    assert plan_change(lines, None).action is FileAction.CREATE
    assert plan_change(lines, b"dist").content == "dist\n.venv/\n.d1/\n"
    assert plan_change(lines, b"/.venv\n").content == "/.venv\n.d1/\n"
    assert plan_change(lines, b".venv\n.d1/\n").action is FileAction.KEEP
    requirements = ScaffoldFile("requirements.txt", "pulumi-d1~=1.2\n", is_lines=True)
    assert plan_change(requirements, b"pulumi_d1==1.0\n").action is FileAction.KEEP
    assert plan_change(requirements, b"requests\n").content == "requests\npulumi-d1~=1.2\n"

    stack = ScaffoldFile("Pulumi.dev.yaml", "config:\n  shop:binding: DB\n")
    assert (
        plan_change(stack, b'encryptionsalt: v1\nconfig:\n  "shop:binding": DB\n  shop:x: 1\n').action
        is FileAction.KEEP
    )
    assert plan_change(stack, b"config:\n  shop:binding: LOG\n").action is FileAction.CONFLICT
    assert plan_change(stack, b"config: [").action is FileAction.CONFLICT
    assert plan_change(ScaffoldFile("__main__.py", "a\n"), b"a\r\n").action is FileAction.KEEP
    assert plan_change(ScaffoldFile("__main__.py", "a\n"), b"b\n").action is FileAction.CONFLICT


def test_after_the_first_run_the_stacks_files_are_the_users() -> None:
    stack, project = ScaffoldFile("Pulumi.dev.yaml", "config: {}\n"), ScaffoldFile("Pulumi.yaml", "name: shop\n")
    new = [plan_change(stack, None), plan_change(project, None)]
    assert remaining_changes(new) == new
    assert remaining_changes([plan_change(stack, None), plan_change(project, b"name: shop\n")]) == [
        plan_change(project, b"name: shop\n")
    ]
