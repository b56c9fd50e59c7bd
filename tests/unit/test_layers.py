"""The packages import each other in one direction, and each package docstring lists its modules."""

from __future__ import annotations

import ast
import re
from functools import cache
from typing import TYPE_CHECKING

import pytest

from tests.support.paths import ROOT

if TYPE_CHECKING:
    from pathlib import Path

SOURCE = ROOT / "infra"
OURS = ("pulumi_d1", "d1_emulator")

ALLOWED = {
    # A package, or a module if it has arrows of its own, and the packages that it imports, all listed above it.
    "d1_emulator.api_errors": "",
    "d1_emulator.ratelimit": "",
    "pulumi_d1.errors": "",
    "pulumi_d1.escaping": "",
    "pulumi_d1.program.tokens": "",
    "d1_emulator.sharing": "pulumi_d1.errors",
    "pulumi_d1.cloudflare": "pulumi_d1.errors pulumi_d1.escaping",
    "pulumi_d1.migrations.quarantine": "pulumi_d1.errors",
    "pulumi_d1.naming": "pulumi_d1.errors pulumi_d1.escaping",
    "pulumi_d1.program.pulumi_sdk": "pulumi_d1.errors pulumi_d1.escaping",
    "pulumi_d1.sqlite": "pulumi_d1.errors",
    "pulumi_d1.system": "pulumi_d1.errors pulumi_d1.escaping",
    "d1_emulator.timetravel": "d1_emulator.api_errors pulumi_d1.sqlite",
    "pulumi_d1.migrations": "pulumi_d1.errors pulumi_d1.escaping pulumi_d1.migrations.quarantine pulumi_d1.sqlite",
    "pulumi_d1.migrations.rehearsal.rows.options": "pulumi_d1.escaping pulumi_d1.sqlite",
    "pulumi_d1.tables": "pulumi_d1.cloudflare pulumi_d1.errors pulumi_d1.escaping pulumi_d1.sqlite",
    "pulumi_d1.wrangler": "pulumi_d1.errors pulumi_d1.sqlite pulumi_d1.system",
    "d1_emulator.databases": (
        "d1_emulator.api_errors d1_emulator.ratelimit d1_emulator.timetravel pulumi_d1.errors pulumi_d1.sqlite"
    ),
    "pulumi_d1.ephemeral": "pulumi_d1.errors pulumi_d1.escaping pulumi_d1.naming pulumi_d1.wrangler",
    "pulumi_d1.migrations.rehearsal.rows": (
        "pulumi_d1.cloudflare pulumi_d1.migrations.rehearsal.rows.options pulumi_d1.sqlite pulumi_d1.tables"
    ),
    "pulumi_d1.migrations.run.options": "pulumi_d1.migrations pulumi_d1.migrations.rehearsal.rows.options",
    "d1_emulator.transfers": "d1_emulator.api_errors d1_emulator.databases pulumi_d1.errors pulumi_d1.sqlite",
    "pulumi_d1.migrations.rehearsal": (
        "pulumi_d1.cloudflare pulumi_d1.errors pulumi_d1.escaping pulumi_d1.migrations "
        "pulumi_d1.migrations.rehearsal.rows pulumi_d1.migrations.rehearsal.rows.options pulumi_d1.sqlite"
    ),
    "pulumi_d1.settings": (
        "pulumi_d1.ephemeral pulumi_d1.errors pulumi_d1.escaping pulumi_d1.migrations pulumi_d1.migrations.quarantine "
        "pulumi_d1.migrations.rehearsal.rows.options pulumi_d1.migrations.run.options pulumi_d1.naming"
    ),
    "d1_emulator.api": (
        "d1_emulator.api_errors d1_emulator.databases d1_emulator.timetravel d1_emulator.transfers pulumi_d1.errors "
        "pulumi_d1.sqlite"
    ),
    "pulumi_d1.migrations.review.lint": (
        "pulumi_d1.errors pulumi_d1.migrations pulumi_d1.migrations.rehearsal "
        "pulumi_d1.migrations.rehearsal.rows.options pulumi_d1.sqlite"
    ),
    "pulumi_d1.scaffold": (
        "pulumi_d1.cloudflare pulumi_d1.errors pulumi_d1.migrations pulumi_d1.naming pulumi_d1.settings "
        "pulumi_d1.system pulumi_d1.wrangler"
    ),
    "d1_emulator.faults": "d1_emulator.api d1_emulator.api_errors d1_emulator.databases d1_emulator.ratelimit",
    "pulumi_d1.migrations.review": (
        "pulumi_d1.cloudflare pulumi_d1.errors pulumi_d1.escaping pulumi_d1.migrations pulumi_d1.migrations.quarantine "
        "pulumi_d1.migrations.rehearsal pulumi_d1.migrations.rehearsal.rows.options pulumi_d1.migrations.review.lint "
        "pulumi_d1.sqlite"
    ),
    "d1_emulator.server": (
        "d1_emulator.api d1_emulator.api_errors d1_emulator.databases d1_emulator.faults d1_emulator.sharing "
        "d1_emulator.transfers pulumi_d1.errors"
    ),
    "pulumi_d1.migrations.rebuild": (
        "pulumi_d1.cloudflare pulumi_d1.errors pulumi_d1.migrations pulumi_d1.migrations.rehearsal "
        "pulumi_d1.migrations.rehearsal.rows pulumi_d1.migrations.rehearsal.rows.options "
        "pulumi_d1.migrations.review.lint pulumi_d1.sqlite"
    ),
    "pulumi_d1.migrations.squash": (
        "pulumi_d1.errors pulumi_d1.escaping pulumi_d1.migrations pulumi_d1.migrations.quarantine "
        "pulumi_d1.migrations.rehearsal pulumi_d1.migrations.rehearsal.rows.options pulumi_d1.sqlite pulumi_d1.tables"
    ),
    "pulumi_d1.migrations.run": (
        "pulumi_d1.cloudflare pulumi_d1.errors pulumi_d1.escaping pulumi_d1.migrations pulumi_d1.migrations.rehearsal "
        "pulumi_d1.migrations.rehearsal.rows.options pulumi_d1.migrations.review pulumi_d1.migrations.review.lint "
        "pulumi_d1.migrations.run.options pulumi_d1.sqlite"
    ),
    "d1_emulator.command": (
        "d1_emulator.api d1_emulator.api_errors d1_emulator.faults d1_emulator.server d1_emulator.sharing "
        "pulumi_d1.errors pulumi_d1.escaping"
    ),
    "d1_emulator.local": "d1_emulator.server d1_emulator.sharing pulumi_d1.errors pulumi_d1.escaping pulumi_d1.system",
    "pulumi_d1.copying": (
        "pulumi_d1.cloudflare pulumi_d1.errors pulumi_d1.escaping pulumi_d1.migrations pulumi_d1.migrations.rehearsal "
        "pulumi_d1.migrations.run pulumi_d1.sqlite pulumi_d1.tables"
    ),
    "pulumi_d1.backups": (
        "pulumi_d1.cloudflare pulumi_d1.copying pulumi_d1.errors pulumi_d1.escaping pulumi_d1.sqlite pulumi_d1.system "
        "pulumi_d1.tables"
    ),
    "pulumi_d1.fleet": (
        "pulumi_d1.cloudflare pulumi_d1.ephemeral pulumi_d1.errors pulumi_d1.migrations "
        "pulumi_d1.migrations.rehearsal.rows.options pulumi_d1.migrations.review pulumi_d1.migrations.run "
        "pulumi_d1.migrations.run.options pulumi_d1.sqlite pulumi_d1.system"
    ),
    "pulumi_d1.migrations.past": (
        "pulumi_d1.cloudflare pulumi_d1.errors pulumi_d1.escaping pulumi_d1.migrations pulumi_d1.migrations.rehearsal "
        "pulumi_d1.migrations.rehearsal.rows.options pulumi_d1.migrations.review pulumi_d1.migrations.run "
        "pulumi_d1.sqlite"
    ),
    "pulumi_d1.seeds": (
        "pulumi_d1.cloudflare pulumi_d1.errors pulumi_d1.escaping pulumi_d1.migrations pulumi_d1.migrations.rehearsal "
        "pulumi_d1.migrations.rehearsal.rows.options pulumi_d1.migrations.review.lint pulumi_d1.migrations.run "
        "pulumi_d1.sqlite"
    ),
    "pulumi_d1.protection": (
        "pulumi_d1.backups pulumi_d1.cloudflare pulumi_d1.copying pulumi_d1.errors pulumi_d1.escaping "
        "pulumi_d1.migrations pulumi_d1.settings pulumi_d1.sqlite pulumi_d1.system pulumi_d1.tables"
    ),
    "pulumi_d1.row_tests": "pulumi_d1.errors pulumi_d1.migrations pulumi_d1.sqlite",
    "pulumi_d1.reports": (
        "pulumi_d1.backups pulumi_d1.errors pulumi_d1.escaping pulumi_d1.fleet pulumi_d1.migrations "
        "pulumi_d1.migrations.past pulumi_d1.migrations.review pulumi_d1.migrations.review.lint pulumi_d1.naming "
        "pulumi_d1.row_tests pulumi_d1.sqlite pulumi_d1.system pulumi_d1.wrangler"
    ),
    "pulumi_d1.cli.support": (
        "pulumi_d1.backups pulumi_d1.cloudflare pulumi_d1.copying pulumi_d1.ephemeral pulumi_d1.errors "
        "pulumi_d1.escaping pulumi_d1.fleet pulumi_d1.migrations pulumi_d1.migrations.past "
        "pulumi_d1.migrations.review pulumi_d1.migrations.run.options pulumi_d1.naming pulumi_d1.program.tokens "
        "pulumi_d1.protection pulumi_d1.reports pulumi_d1.scaffold pulumi_d1.settings pulumi_d1.system "
        "pulumi_d1.wrangler"
    ),
    "pulumi_d1.program.actions": (
        "pulumi_d1.backups pulumi_d1.cloudflare pulumi_d1.errors pulumi_d1.escaping pulumi_d1.migrations "
        "pulumi_d1.migrations.past pulumi_d1.migrations.quarantine pulumi_d1.migrations.rehearsal "
        "pulumi_d1.migrations.rehearsal.rows.options pulumi_d1.migrations.review pulumi_d1.migrations.run "
        "pulumi_d1.migrations.run.options pulumi_d1.program.pulumi_sdk pulumi_d1.protection pulumi_d1.reports "
        "pulumi_d1.seeds pulumi_d1.system"
    ),
    "pulumi_d1.cli": (
        "pulumi_d1.backups pulumi_d1.cli.support pulumi_d1.cloudflare pulumi_d1.copying pulumi_d1.ephemeral "
        "pulumi_d1.errors pulumi_d1.escaping pulumi_d1.fleet pulumi_d1.migrations pulumi_d1.migrations.past "
        "pulumi_d1.migrations.quarantine pulumi_d1.migrations.rebuild pulumi_d1.migrations.rehearsal "
        "pulumi_d1.migrations.review pulumi_d1.migrations.review.lint pulumi_d1.migrations.squash pulumi_d1.naming "
        "pulumi_d1.protection pulumi_d1.reports pulumi_d1.row_tests pulumi_d1.scaffold pulumi_d1.settings "
        "pulumi_d1.sqlite pulumi_d1.system pulumi_d1.wrangler"
    ),
    "pulumi_d1.testing": (
        "pulumi_d1.cli.support pulumi_d1.errors pulumi_d1.migrations pulumi_d1.row_tests pulumi_d1.sqlite"
    ),
    "pulumi_d1.program.resources": (
        "pulumi_d1.cloudflare pulumi_d1.copying pulumi_d1.errors pulumi_d1.migrations pulumi_d1.migrations.quarantine "
        "pulumi_d1.migrations.rehearsal pulumi_d1.migrations.review pulumi_d1.migrations.run.options "
        "pulumi_d1.program.actions pulumi_d1.program.pulumi_sdk pulumi_d1.program.tokens pulumi_d1.protection "
        "pulumi_d1.seeds pulumi_d1.system pulumi_d1.tables pulumi_d1.wrangler"
    ),
    "pulumi_d1.program": (
        "pulumi_d1.cloudflare pulumi_d1.errors pulumi_d1.migrations pulumi_d1.migrations.run pulumi_d1.naming "
        "pulumi_d1.program.actions pulumi_d1.program.pulumi_sdk pulumi_d1.program.resources pulumi_d1.program.tokens "
        "pulumi_d1.protection pulumi_d1.seeds pulumi_d1.settings pulumi_d1.system pulumi_d1.wrangler"
    ),
    "pulumi_d1": "pulumi_d1.program pulumi_d1.settings pulumi_d1.system",
}

ONLY_IN = {
    # A library, and the only places that import it.
    "pulumi": ("pulumi_d1/program",),
    "dbos": ("pulumi_d1/fleet",),
    "sqlalchemy": ("pulumi_d1/fleet", "pulumi_d1/system/shared_database.py"),
    "filelock": ("pulumi_d1/system/files.py", "d1_emulator/databases/state_folder.py"),
    "grpc": ("pulumi_d1/program/pulumi_sdk.py",),
    "urllib3": ("pulumi_d1/cloudflare/connections.py",),
    "jinja2": ("pulumi_d1/system/template.py",),
    "yaml": ("pulumi_d1/system/yaml_text.py",),
    "pydantic": ("pulumi_d1/settings.py",),
    "wcmatch": ("pulumi_d1/migrations/pattern.py",),
    "apsw": (
        "pulumi_d1/sqlite",
        "pulumi_d1/migrations/rehearsal",
        "pulumi_d1/migrations/rebuild",
        "pulumi_d1/migrations/squash",
        "pulumi_d1/migrations/past/reversal.py",
        "d1_emulator/timetravel",
        "d1_emulator/databases",
        "d1_emulator/transfers",
    ),
    "starlette": ("d1_emulator/api", "d1_emulator/faults", "d1_emulator/server.py"),
    "uvicorn": ("d1_emulator/faults/dropped.py", "d1_emulator/server.py"),
}

FILES = [file for package in OURS for file in sorted((SOURCE / package).rglob("*.py"))]
PACKAGES = [file.parent for file in FILES if file.name == "__init__.py"]


def name_of(file: Path) -> str:
    return ".".join(file.relative_to(SOURCE).with_suffix("").parts).removesuffix(".__init__")


@cache
def imports(file: Path) -> set[str]:
    """Return the dotted names that a module imports: at its top, inside functions, and for its types."""
    names = set()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file} imports relatively"
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def package_of(name: str) -> str:
    """Return the longest name in ALLOWED that equals or contains `name`."""
    while name not in ALLOWED:
        name = name.rpartition(".")[0]
        assert name, "no package of ALLOWED contains it"
    return name


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(SOURCE)))
def test_a_module_imports_only_what_its_package_may_import(file: Path) -> None:
    if name_of(file) == "d1_emulator":
        assert imports(file) == set(), "the emulator's docstring imports nothing"
        return
    package = package_of(name_of(file))
    for name in imports(file):
        if name.split(".")[0] in OURS:
            target = package_of(name)
            assert target == package or target in ALLOWED[package].split(), f"{name_of(file)} may not import {name}"


def test_each_package_imports_only_from_those_above_it() -> None:
    above: list[str] = []
    for package, allowed in ALLOWED.items():
        assert set(allowed.split()) <= set(above), package
        above.append(package)


@pytest.mark.parametrize("library", ONLY_IN)
def test_a_library_is_imported_only_in_its_places(library: str) -> None:
    users = {str(file.relative_to(SOURCE)) for file in FILES if any(n.split(".")[0] == library for n in imports(file))}
    assert users, f"nothing imports {library}"
    assert [user for user in sorted(users) if not user.startswith(ONLY_IN[library])] == []


def test_nothing_imports_the_tools() -> None:
    assert [file for file in FILES if any(name.split(".")[0] == "tools" for name in imports(file))] == []


@pytest.mark.parametrize("package", PACKAGES, ids=lambda folder: str(folder.relative_to(SOURCE)))
def test_a_package_docstring_lists_each_of_its_modules_and_nothing_else(package: Path) -> None:
    docstring = ast.get_docstring(ast.parse((package / "__init__.py").read_text())) or ""
    listed = re.findall(r"^    ([a-z0-9_]+/?)  +\S", docstring, re.MULTILINE)
    modules = {file.stem for file in package.glob("*.py")} - {"__init__", "__main__"}
    folders = {f"{folder.name}/" for folder in package.iterdir() if (folder / "__init__.py").exists()}
    assert sorted(listed) == sorted(modules | folders)


def test_the_program_is_short_and_has_no_logic() -> None:
    text = (ROOT / "__main__.py").read_text()
    assert len(text.splitlines()) < 25
    branches = (ast.If, ast.Try, ast.FunctionDef, ast.ClassDef, ast.While)
    assert not [node for node in ast.walk(ast.parse(text)) if isinstance(node, branches)]
