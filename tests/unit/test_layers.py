"""Who imports whom. The arrows of the design point one way; this test keeps them so."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
OURS = ("pulumi_d1", "infra", "emulator", "engine")

MIGRATIONS = tuple(f"infra.migrations{part}" for part in ("", ".review", ".run", ".past"))

ALLOWED = {
    # package: the packages of ours that it may import, itself aside
    "pulumi_d1": {"infra.collector", "infra.program", "infra.settings"},
    "infra.errors": set(),
    "infra.collector": set(),
    "infra.files": {"infra.errors"},
    "infra.actor": set(),
    "infra.naming": {"infra.errors"},
    "infra.quarantine": {"infra.errors"},
    "infra.ephemeral": {"infra.errors"},
    "infra.settings": {"infra.errors", "infra.naming", "infra.quarantine", "infra.ephemeral"},
    "infra.sqlite": {"infra.errors"},
    "infra.fleet": {
        *("infra.errors", "infra.files", "infra.ephemeral", "infra.cloudflare", "infra.sqlite"),
        *("infra.migrations", "infra.migrations.review", "infra.migrations.run"),
    },
    "infra.render": {"infra.errors", "infra.naming", "infra.sqlite", "infra.fleet", *MIGRATIONS},
    "infra.wrangler_file": {"infra.errors", "infra.files", "infra.render"},
    "infra.wrangler_state": {"infra.errors", "infra.sqlite"},
    "infra.marked_file": {"infra.errors", "infra.files", "infra.render"},
    "infra.retry": {"infra.errors"},
    "infra.export": {"infra.errors", "infra.files"},
    "infra.deletion": {"infra.errors", "infra.settings", "infra.sqlite"},
    "infra.safeguard": {
        *("infra.errors", "infra.deletion", "infra.export", "infra.copying"),
        *("infra.cloudflare", "infra.sqlite", *MIGRATIONS),
    },
    "infra.cloudflare": {"infra.errors", "infra.retry"},
    "infra.adoption": {"infra.errors", "infra.settings", "infra.cloudflare"},
    "infra.migrations.review": {
        *("infra.errors", "infra.quarantine", "infra.cloudflare", "infra.sqlite"),
        *("infra.migrations",),
    },
    "infra.migrations.run": {
        *("infra.errors", "infra.retry", "infra.cloudflare", "infra.sqlite"),
        *("infra.migrations", "infra.migrations.review"),
    },
    "infra.migrations.past": {
        *("infra.errors", "infra.quarantine", "infra.retry", "infra.cloudflare", "infra.sqlite"),
        *("infra.migrations", "infra.migrations.review", "infra.migrations.run"),
    },
    "infra.migrations": {"infra.errors", "infra.quarantine", "infra.cloudflare", "infra.sqlite"},
    "infra.scaffold": {
        *("infra.errors", "infra.settings", "infra.cloudflare", "infra.render", "infra.migrations"),
    },
    "infra.copying": {
        *("infra.errors", "infra.retry", "infra.cloudflare", "infra.sqlite"),
        *("infra.migrations", "infra.migrations.review", "infra.migrations.run"),
    },
    "infra.seeds": {
        *("infra.errors", "infra.retry", "infra.cloudflare", "infra.sqlite"),
        *("infra.migrations", "infra.migrations.review", "infra.migrations.run"),
    },
    "infra.program": {
        *("infra.collector", "infra.deletion", "infra.safeguard"),
        *("infra.errors", "infra.quarantine", "infra.settings", "infra.adoption", "infra.wrangler_file"),
        *("infra.actor", "infra.retry", "infra.cloudflare", "infra.render", *MIGRATIONS),
        *("infra.copying", "infra.seeds"),
    },
    "infra.cli": {
        *("infra.errors", "infra.quarantine", "infra.settings", "infra.adoption", "infra.wrangler_file", "infra.retry"),
        *("infra.cloudflare", "infra.fleet", "infra.render", *MIGRATIONS),
        *("infra.naming", "infra.wrangler_state", "infra.marked_file"),
        *("infra.files", "infra.scaffold", "infra.ephemeral", "infra.deletion", "infra.safeguard"),
    },
    "engine": {"infra.errors", "infra.files"},
    "emulator.errors": set(),
    "emulator.ratelimit": set(),
    "emulator.timetravel": {"infra.sqlite", "emulator.errors"},
    "emulator.databases": {
        *("infra.errors", "infra.sqlite"),
        *("emulator.errors", "emulator.ratelimit", "emulator.timetravel"),
    },
    "emulator.transfers": {"infra.errors", "infra.sqlite", "emulator.errors", "emulator.databases"},
    "emulator.api": {
        *("infra.errors", "infra.sqlite"),
        *("emulator.errors", "emulator.timetravel", "emulator.databases", "emulator.transfers"),
    },
    "emulator.stress": {
        *("infra.errors", "emulator.errors", "emulator.ratelimit"),
        *("emulator.databases", "emulator.api"),
    },
    "emulator": {
        *("infra.errors", "engine", "emulator.errors"),
        *("emulator.databases", "emulator.transfers", "emulator.api", "emulator.stress"),
    },
}

ONLY_IN = {
    # library: the one place that may import it
    "pulumi": ("infra/program", "engine"),
    "cloudflare": ("engine/standin.py",),
    "urllib3": ("infra/cloudflare/client.py",),
    "jinja2": ("infra/render/template.py",),
    "json5": ("infra/render/jsonc.py",),
    "yaml": ("infra/cli/project.py", "infra/scaffold/files.py"),
    "pydantic": ("infra/settings.py",),
    "wcmatch": ("infra/migrations/pattern.py",),
    "apsw": ("infra/sqlite", "emulator/timetravel", "emulator/databases", "emulator/transfers"),
    "starlette": ("emulator/api", "emulator/stress", "emulator/server.py"),
    "uvicorn": ("emulator/stress/dropped.py", "emulator/server.py"),
}


def imports(file: Path) -> set[str]:
    """Dotted names that a module imports, at its top, inside functions and for its types alike."""
    found = set()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file} imports relatively"
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


MODULES = [file for package in OURS for file in sorted((ROOT / package).rglob("*.py"))]


def package_of(name: str) -> str | None:
    """The package of ALLOWED that a dotted name belongs to."""
    return next((package for package in ALLOWED if name == package or name.startswith(f"{package}.")), None)


@pytest.mark.parametrize("file", MODULES, ids=lambda file: str(file.relative_to(ROOT)))
def test_a_module_imports_only_what_lies_before_it(file: Path) -> None:
    own = ".".join(file.relative_to(ROOT).with_suffix("").parts)
    package = package_of(own)
    for name in imports(file):
        if name.split(".")[0] not in OURS:
            continue
        target = package_of(name)
        if own in {"infra.__init__", "engine.__init__", "emulator.__init__"}:
            pytest.fail(f"{own} is a map and imports nothing, but it imports {name}")
        assert package is not None, f"{own} is in no package of ALLOWED"
        assert target == package or target in ALLOWED[package], f"{own} may not import {name}"


@pytest.mark.parametrize("library", ONLY_IN)
def test_a_library_is_used_in_its_one_place(library: str) -> None:
    users = {
        str(file.relative_to(ROOT)) for file in MODULES if any(name.split(".")[0] == library for name in imports(file))
    }
    assert users, f"nobody uses {library}"
    assert [user for user in sorted(users) if not user.startswith(ONLY_IN[library])] == []


def test_only_the_local_command_joins_emulator_and_engine() -> None:
    joins = [
        file.name for file in (ROOT / "emulator").rglob("*.py") if any(n.startswith("engine") for n in imports(file))
    ]
    assert joins == ["local.py"]


def test_the_program_is_short_and_has_no_logic() -> None:
    text = (ROOT / "__main__.py").read_text()
    assert len(text.splitlines()) < 25
    branches = (ast.If, ast.Try, ast.FunctionDef, ast.ClassDef, ast.While)
    assert not [node for node in ast.walk(ast.parse(text)) if isinstance(node, branches)]
