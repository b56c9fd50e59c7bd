"""`d1 init` asks on a terminal if it is in doubt."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.worker_projects import A, B, C, entry, toml

D1 = str(Path(sys.executable).parent / "d1")


def init(folder: Path, answers: str, *options: str) -> subprocess.CompletedProcess[str]:
    """Run it with these answers on a terminal."""
    (folder / ".git").mkdir()
    ours, theirs = os.openpty()
    os.write(ours, answers.encode())
    done = subprocess.run(
        [D1, "init", "--dry-run", *options], cwd=folder, stdin=theirs, capture_output=True, text=True, check=True
    )
    os.close(ours)
    os.close(theirs)
    return done


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ("", "stack prod: adopts shop"),
        ("dev", "stack dev: adopts shop"),
        ("none", "'DB' in 'd1_databases' stays as it is: no stack manages it"),
    ],
)
def test_the_stack_of_the_top_level(tmp_path: Path, answer: str, expected: str) -> None:
    (tmp_path / "wrangler.toml").write_text(toml(entry("shop", A))["wrangler.toml"])
    done = init(tmp_path, f"{answer}\n")
    assert "In doubt: no name shows its purpose, and 'wrangler deploy' deploys it." in done.stderr
    assert "Stack of the top level (none: leave it alone) [prod]" in done.stderr
    assert expected in done.stdout


def test_the_environment_of_production(tmp_path: Path) -> None:
    blocks = (entry("a", A), entry("b", B, "prod-eu"), entry("c", C, "prod-us"))
    (tmp_path / "wrangler.toml").write_text(toml(*blocks)["wrangler.toml"])
    done = init(tmp_path, "prod-us\n")
    assert "Environment of production (prod-eu, prod-us) [prod-eu]" in done.stderr
    assert "stack prod: adopts c" in done.stdout


def test_the_binding_and_the_configuration(tmp_path: Path) -> None:
    for name, id_ in (("api", A), ("jobs", B)):
        (tmp_path / "apps" / name).mkdir(parents=True)
        text = toml(entry("log-prod", f"{id_[:-1]}0", binding="LOG"), entry(f"{name}-prod", id_))["wrangler.toml"]
        (tmp_path / "apps" / name / "wrangler.toml").write_text(text)
    done = init(tmp_path, "apps/jobs/wrangler.toml\nDB\n")
    assert "Which configuration has the database?" in done.stderr
    assert "Which binding? LOG (log-prod), DB (jobs-prod)" in done.stderr
    assert "stack prod: adopts jobs-prod" in done.stdout


def test_no_question_if_there_is_no_doubt(tmp_path: Path) -> None:
    (tmp_path / "wrangler.toml").write_text(toml(entry("shop-prod", A))["wrangler.toml"])
    done = init(tmp_path, "")
    assert done.stderr == ""
    assert "assumed" not in done.stdout
