"""`pulumi up` reports what would happen to rows, applies nothing that loses some, and keeps and prints no value."""

from __future__ import annotations

import os
import signal
import subprocess
from typing import TYPE_CHECKING

import pytest

from tests.support.cases.table import CASES, HOSTILE
from tests.support.inspect_project import files_that_hold, ledger
from tests.support.reliability.processes import AVAILABLE, of_session, rehearsing, wait_for_end

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.pulumi_project import Emulator, Project

pytestmark = pytest.mark.slow

OWN = {name: case.renamed(f"_{place}") for place, (name, case) in enumerate(CASES.items())}
"""The cases with tables of their own."""

ALONE = sorted(name for name, case in OWN.items() if case.refused or ("trigger" in name and case.errors))
"""A refused file ends the rehearsal. A trigger that fails makes every later ALTER TABLE fail."""


def file_of(name: str) -> str:
    return f"1{name}.sql"


@pytest.mark.thorough
def test_all_cases_on_one_database(project: Project) -> None:
    for file in (project.folder / "migrations").iterdir():
        file.unlink()
    project.write("0001_live.sql", "\n".join(case.live for case in OWN.values()))
    project.pulumi("stack", "init", "prod")
    project.up("prod")
    before = project.database("prod").bookmark()

    together = {name: case for name, case in OWN.items() if name not in ALONE}
    for name, case in together.items():
        project.write(file_of(name), case.pending)
    stopped = project.up("prod", check=False)
    assert stopped.returncode != 0
    errors = stopped.stdout.partition("Diagnostics:")[2]  # the lines before it come in any order
    for name, case in together.items():
        for error in case.errors:
            place, _, finding = error.partition(": ")
            line = place.partition(":")[0]
            [found] = [text for text in errors.splitlines() if f"{file_of(name)}:{line}:" in text]
            assert finding in found
    assert errors.count(" instead: ") == sum(len(case.errors) + len(case.warnings) for case in together.values())
    assert project.database("prod").bookmark() == before

    for name, case in together.items():
        if case.errors:
            (project.folder / "migrations" / file_of(name)).unlink()
    done = project.up("prod")
    assert "errors:" not in done.stdout
    harmless = [file_of(name) for name, case in together.items() if not case.errors]
    assert ledger(project, "prod") == ["0001_live.sql", *sorted(harmless)]

    before = project.database("prod").bookmark()
    for name in ALONE:
        case = OWN[name]
        project.write(f"2{name}.sql", case.pending)
        refused = project.up("prod", check=False)
        assert refused.returncode != 0
        [error] = case.errors
        place, _, finding = error.partition(": ")
        assert f"migrations/2{name}.sql:{place.partition(':')[0]}:" in refused.stdout
        assert finding in refused.stdout
        assert project.database("prod").bookmark() == before
        (project.folder / "migrations" / f"2{name}.sql").unlink()


LIVE = """
    CREATE TABLE zzrows (id TEXT PRIMARY KEY, j TEXT, path TEXT);
    CREATE TRIGGER leaves BEFORE DELETE ON zzrows BEGIN SELECT RAISE(ABORT, old.id); END;
"""
ROWS = """INSERT INTO zzrows VALUES ('mrk-key', '{"mrk": "mrk json"}', 'mrk path')"""
ONLY_ON_D1 = "WHERE id LIKE 'm_k%'"


def sets(project: Project, stack: str, **values: str) -> None:
    for key, value in values.items():
        project.pulumi("config", "set", key, value, "--stack", stack)


@pytest.mark.thorough
def test_no_value_of_a_row_is_printed_or_kept(migrated: Project, tmp_path: Path) -> None:
    printed: list[str] = []

    def pulumi(*arguments: str, check: bool = True) -> str:
        done = migrated.pulumi(*arguments, check=check)
        printed.append(done.stdout + done.stderr)
        return printed[-1]

    def up(stack: str) -> str:
        return pulumi("up", "--stack", stack, "--yes", "--skip-preview", check=False)

    migrated.write("0004_rows.sql", LIVE)
    up("dev")
    migrated.database().write(ROWS)
    migrated.write("0005_path.sql", "SELECT json_extract(j, path) FROM zzrows;")
    assert "0005_path.sql:1:1: D200 bad JSON path: …" in pulumi("preview", "--stack", "dev", check=False)
    assert "0005_path.sql:1:1: D200 bad JSON path: …" in up("dev")

    pulumi("stack", "init", "pr-12")
    sets(migrated, "pr-12", copyFrom="dev", seeds="seeds")
    (migrated.folder / "seeds").mkdir()
    seed = migrated.folder / "seeds" / "1.sql"
    seed.write_text("SELECT 1;")
    assert "0005_path.sql:1:1: D200 bad JSON path: …" in pulumi("preview", "--stack", "pr-12", check=False)
    (migrated.folder / "migrations" / "0005_path.sql").unlink()
    seed.write_text("DELETE FROM zzrows;")
    assert "a trigger refuses it: SQLITE_CONSTRAINT" in pulumi("preview", "--stack", "pr-12", check=False)
    seed.write_text(f"DELETE FROM zzrows {ONLY_ON_D1};")
    sets(migrated, "pr-12", rehearsalRows="made")
    assert "seeds/1.sql failed: a trigger refuses it: SQLITE_CONSTRAINT" in up("pr-12")
    seed.unlink()
    pulumi("destroy", "--stack", "pr-12", "--yes", "--skip-preview", check=False)

    sets(migrated, "dev", rehearsalRows="made")
    migrated.write("0005_path.sql", f"SELECT json_extract(j, path) FROM zzrows {ONLY_ON_D1};")
    assert "0005_path.sql failed: bad JSON path: …" in up("dev")
    (migrated.folder / "migrations" / "0005_path.sql").unlink()

    for command in ("status", "history", "comment", "baseline"):
        done = migrated.run(".venv/bin/python", "-m", "pulumi_d1.cli", command, check=False)
        printed.append(done.stdout + done.stderr)
    pulumi("refresh", "--stack", "dev", "--yes", "--skip-preview")
    pulumi("stack", "export", "--stack", "dev")
    pulumi("destroy", "--stack", "dev", "--yes", "--skip-preview", check=False)
    for text in printed:
        assert "mrk" not in text
        assert "Traceback" not in text
    kept = [folder for folder in (migrated.folder / ".d1", tmp_path / "state") if folder.exists()]
    assert files_that_hold("mrk", *kept) == []


@pytest.mark.thorough
def test_no_request_names_a_table_if_rows_are_generated(migrated: Project, emulator: Emulator) -> None:
    from tests.e2e.program.test_preview_cost import watched

    migrated.write("0004_rows.sql", LIVE)
    migrated.up()
    migrated.database().write(ROWS)
    migrated.pulumi("stack", "init", "pr-12")
    sets(migrated, "dev", rehearsalRows="made", seeds="seeds")
    (migrated.folder / "seeds").mkdir()
    (migrated.folder / "seeds" / "1.sql").write_text("SELECT 1;")
    migrated.write("0005_tags.sql", "CREATE TABLE tags (id INTEGER PRIMARY KEY);")
    watched(emulator, [{"fault": "latency", "ms": 0, "times": None, "contains": "zzrows"}])
    assert "rehearsed on generated rows" in migrated.preview()
    migrated.up()
    assert watched(emulator)[0]["seen"] == 0


@pytest.mark.skipif(not AVAILABLE, reason="finds processes in /proc")
def test_ctrl_c_ends_a_preview_and_its_rehearsal(project: Project) -> None:
    project.write("0004_hostile.sql", HOSTILE["instr"])
    sets(project, "dev", rehearsalBudget="600")
    command = ["pulumi", "preview", "--stack", "dev", "--non-interactive"]
    with subprocess.Popen(
        command,
        cwd=project.folder,
        env=project.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    ) as preview:
        while not rehearsing(preview.pid):
            assert preview.poll() is None
        os.killpg(preview.pid, signal.SIGINT)  # as a terminal sends it: to the engine and its plugins
        printed = preview.communicate(timeout=60)[0]
    assert preview.returncode != 0
    assert "Traceback" not in printed
    for other in of_session(preview.pid):
        wait_for_end(other)
    assert of_session(preview.pid) == []
