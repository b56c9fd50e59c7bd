"""`d1 init` in projects of many layouts: the right stacks, or a clear question."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from click.testing import CliRunner

from pulumi_d1.cli.init import init
from pulumi_d1.cli.main import main
from pulumi_d1.migrations.review.lint.check import RULES
from pulumi_d1.naming import MAX_LENGTH
from pulumi_d1.wrangler import configuration_file
from tests.support.worker_projects import PROJECTS, A, B, WorkerProject, entry, toml

if TYPE_CHECKING:
    from collections.abc import Mapping


def write(folder: Path, files: Mapping[str, str]) -> None:
    (folder / ".git").mkdir(exist_ok=True)
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def run(*options: str, code: int = 0, answers: str = "") -> str:
    result = CliRunner().invoke(init, [*options], input=answers, **main.context_settings)
    assert result.exit_code == code, result.output + repr(result.exception)
    return result.output if code == 0 else str(result.exception)


def config_of(file: Path) -> dict[str, Any]:
    content = yaml.safe_load(file.read_text())["config"]
    return {key.partition(":")[2]: value for key, value in content.items()}


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("CLOUDFLARE_API_TOKEN", raising=False)
    return tmp_path


@pytest.mark.parametrize("project", PROJECTS.values(), ids=PROJECTS)
def test_each_layout_gets_the_right_stacks(folder: Path, project: WorkerProject) -> None:
    write(folder, project.files)
    before = (folder / project.configuration).read_text()
    output = run(*project.options)
    stacks = {file.name.split(".")[1]: config_of(file) for file in folder.glob("Pulumi.*.yaml")}
    assert {name: config.get("wranglerEnvironment", name) for name, config in stacks.items()} == project.stacks
    assert {name: config["adopt"] for name, config in stacks.items() if "adopt" in config} == project.adopted
    assert tuple(sorted(name for name, config in stacks.items() if config.get("protect"))) == project.protected
    shared = yaml.safe_load((folder / "Pulumi.yaml").read_text()).get("config", {})
    assert {key: shared.get(key) for key in project.keys} == project.keys
    for text in project.printed:
        assert text in output
    assert ("assumed, because" in output) == any("assumed, because" in text for text in project.printed)
    assert (folder / project.configuration).read_text() == before
    assert "nothing was written" in run(*project.options), "a second run changes nothing"


def test_a_configuration_that_does_not_exist_is_refused(folder: Path) -> None:
    assert "apps/wrangler.toml: there is no such file" in run("--config", "apps/wrangler.toml", code=1)
    assert list(folder.iterdir()) == []


def test_a_folder_without_a_configuration_gets_a_new_one() -> None:
    assert "there is no wrangler configuration here: 'pulumi up' creates wrangler.toml" in run("--name", "shop")


def test_the_configuration_above_is_the_one_that_wrangler_reads(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(folder, toml(entry("shop-prod", A)))
    (folder / "sub").mkdir()
    monkeypatch.chdir(folder / "sub")
    assert "assumed: the configuration is ../wrangler.toml" in run()
    assert yaml.safe_load(Path("Pulumi.yaml").read_text())["config"]["wranglerConfig"] == "../wrangler.toml"


def test_of_several_packages_the_user_chooses_one(folder: Path) -> None:
    for name, id_ in (("api", A), ("jobs", B)):
        write(folder, {f"apps/{name}/wrangler.toml": toml(entry("shop-prod", id_))["wrangler.toml"]})
    message = "several below: choose one with --config. They are apps/api/wrangler.toml, apps/jobs/wrangler.toml"
    assert message in run(code=1)
    assert "stack prod: adopts shop-prod" in run("--config", "apps/jobs/wrangler.toml")


def test_of_several_databases_the_user_chooses_one(folder: Path) -> None:
    write(folder, toml(entry("shop", A), entry("log", B, binding="LOG")))
    assert "several databases, bound as DB (shop), LOG (log): choose one with --binding" in run(code=1)
    assert "'DB' in 'd1_databases' stays as it is: no stack manages it" in run("--binding", "LOG")


def test_the_top_level_can_be_left_alone(folder: Path) -> None:
    write(folder, toml(entry("shop", A), entry("shop-dev", B, "dev")))
    assert "'DB' in 'd1_databases' stays as it is: no stack manages it" in run("--top-level", "none")
    assert sorted(file.name for file in folder.glob("Pulumi.*.yaml")) == ["Pulumi.dev.yaml", "Pulumi.prod.yaml"]
    assert "adopt" not in config_of(folder / "Pulumi.prod.yaml")


def test_an_environment_of_production_that_does_not_exist_is_refused(folder: Path) -> None:
    write(folder, toml(entry("shop", A, "staging")))
    expected = "there is no wrangler environment 'live': the configuration has staging"
    assert run("--production", "live", code=1) == expected


def test_the_workflows_run_every_stack(folder: Path) -> None:
    files = toml(entry("shop-dev", A), entry("shop-staging", B, "staging"), entry("shop-prod", "", "production"))
    write(folder, files)
    run("--workflows")
    texts = {file.name: file.read_text() for file in (folder / ".github" / "workflows").iterdir()}
    assert "d1 comment --stack dev --stack staging --stack prod " in texts["d1-preview.yml"]
    production = texts["d1-production.yml"]
    assert "migrate dev and staging at once, and prod after a reviewer" in production
    jobs = yaml.safe_load(production)["jobs"]
    assert jobs["dev"]["steps"][-1]["run"].splitlines() == [
        f"pulumi up --stack {name} --yes --non-interactive --skip-preview" for name in ("dev", "staging")
    ]
    assert jobs["prod"]["steps"][-1]["run"] == "pulumi up --stack prod --yes --non-interactive"


def test_other_configurations_with_the_same_database_are_listed(folder: Path) -> None:
    write(folder, PROJECTS["two Workers with one database"].files)
    run()
    places = {stack: config_of(folder / f"Pulumi.{stack}.yaml")["wranglerConfig"] for stack in ("dev", "prod")}
    assert places == {
        "dev": "apps/api/wrangler.toml, apps/jobs/wrangler.toml#JOBS@top-level",
        "prod": "apps/api/wrangler.toml, apps/jobs/wrangler.toml#JOBS@live",
    }


def test_a_project_with_a_program_for_a_configuration_gets_a_file_to_import(folder: Path) -> None:
    write(folder, {"cloudflare.config.ts": "export default {};\n"})
    output = run("--name", "shop")
    assert "cloudflare.config.ts is never edited: 'pulumi up' writes d1.bindings.json" in output
    assert "stack dev: a new database\n" in output
    assert "in advance" not in output
    assert config_of(folder / "Pulumi.dev.yaml") == {}
    assert configuration_file.configuration_path("") == "d1.bindings.json"
    assert (folder / "cloudflare.config.ts").read_text() == "export default {};\n"


@pytest.mark.parametrize("name", ["wrangler.prod.toml", "wrangler.example.jsonc", "wrangler.toml.example"])
def test_a_configuration_of_another_name_is_a_question(folder: Path, name: str) -> None:
    write(folder, {name: toml(entry("shop", A))["wrangler.toml"]})
    message = (
        f"there is no wrangler configuration here, but {name}: choose one with --config; if it is an example, copy it"
    )
    assert message in run(code=1)
    assert [file.name for file in folder.iterdir() if file.is_file()] == [name]


def test_a_long_name_is_cut_in_the_names_of_databases(folder: Path) -> None:
    write(folder, toml(name="a-worker-" * 7 + "x"))
    run()
    project_name = yaml.safe_load((folder / "Pulumi.yaml").read_text())["config"]["projectName"]
    assert project_name == "a-worker-" * 5 + "a-worke"
    assert len(f"{project_name}-db-pr-99999") == MAX_LENGTH


def test_the_skill_for_agents_has_every_rule_and_names_this_project(folder: Path) -> None:
    write(folder, toml(entry("shop", A)))
    (folder / "db").mkdir()
    run("--agents", "--dir", "db")
    text = (folder / ".claude/skills/d1-migrations/SKILL.md").read_text()
    head, table = text.split("---\n")[1], text.splitlines()
    assert set(yaml.safe_load(head)) == {"name", "description"}
    assert [line.split(" | ")[0] for line in table if line.startswith("| D")] == [f"| {rule.code}" for rule in RULES]
    assert all(line.count("|") == 4 for line in table if line.startswith("| D"))
    assert "`../migrations/`" in text
    assert "d1 plan --stack dev " in text
    assert "keep    .claude/skills/d1-migrations/SKILL.md" in run("--agents", "--dir", "db")


@pytest.mark.parametrize(
    "name", ["requirements.txt", ".gitignore", "Pulumi.dev.yaml", ".github/workflows/d1-sweep.yml"]
)
def test_a_file_that_cannot_be_read_is_named_and_nothing_is_written(folder: Path, name: str) -> None:
    write(folder, {**toml(entry("shop-dev", A)), name: ""})
    for unreadable in (b"\xff", None):
        (folder / name).unlink()
        if unreadable:
            (folder / name).write_bytes(unreadable)
        else:
            (folder / name).mkdir()
        assert run("--workflows", code=1).startswith(f"{name}: ")
    assert not (folder / "__main__.py").exists()
