"""Folders full of odd names: wrangler lists and applies exactly the files of our plan, in our order."""

from __future__ import annotations

import re
from random import Random
from typing import TYPE_CHECKING

import pytest

from pulumi_d1.migrations import ledger
from pulumi_d1.migrations.folder import read_folder
from pulumi_d1.migrations.pattern import make_pattern
from pulumi_d1.migrations.plan import make_plan
from pulumi_d1.wrangler.edit import put
from pulumi_d1.wrangler.entry import WranglerEntry

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.http_account import HttpAccount
    from tests.support.wrangler import Wrangler

pytestmark = pytest.mark.thorough

TABLE = "d1_migrations"

NUMBERS = [
    *("-1", "+2", "-0", "0", "00", "0001", "1", "01", "2", "03", "7x", "10", "0x10", "1e3", "20240101120000"),
    *("9007199254740992", "9007199254740993", "9" * 30, "1" + "0" * 200, "--1", "1-2"),
    *(" 4", "\u00a04", "\ufeff5", "\u200b5", "٣", "", "A", "a", "Z", "abc", "ABC", "é", "e\u0301", "😀", "\uffee"),
]
SEPARATORS = ["_", "_", "_", "-", "__", ".", " ", ""]
WORDS = [
    *("A", "a", "z", "Z", "it's", '"q"', "😀", "\ufb01", "日本", "%s", "[b]", "{c,d}", "--", "'); DROP", "$HOME", "\\"),
    *("│", "#", ""),
]
ENDINGS = [".sql"] * 12 + [".SQL", ".sql.bak", ".sql ", ""]
PATTERNS = [
    "",
    "*/migration.sql",
    "**/*.sql",
    "*/*",
    "{*,*/up}.sql",
    "[!0-9]*/**",
    "[0-9]*.sql",
    "{*_a,.hidden}/?*.sql",
]


def random_name(random: Random) -> str:
    dot = random.choice([".", *[""] * 9])
    name = dot + "".join(random.choice(parts) for parts in (NUMBERS, SEPARATORS, WORDS))
    return name if name.strip(".") else "0"


def fill(folder: Path, random: Random) -> None:
    """Create files, folders and links to both; some folders have names of files."""
    folders = [folder, *(folder / random_name(random) for _ in range(40)), folder / ".hidden", folder / "7.sql"]
    folders += [random.choice(folders) / random_name(random) for _ in range(8)]
    for place in folders:
        place.mkdir(parents=True, exist_ok=True)
    for place in folders:
        names = [random_name(random) + random.choice(ENDINGS) for _ in range(60 if place == folder else 4)]
        for name in [*names, *random.sample(["migration.sql", "up.sql", ".sql", ".migration.sql"], 2)]:
            if not (place / name).exists():
                (place / name).write_text("SELECT 1;\n")
    for target in [*random.sample(folders[1:], 2), folder / "linked.sql"]:
        (folder / "linked.sql").touch()
        (random.choice(folders) / f"0_link_{random_name(random)}.sql").symlink_to(target)


def tree(folder: Path) -> str:
    kinds = {path: "link" if path.is_symlink() else "folder" if path.is_dir() else "file" for path in folder.rglob("*")}
    return "\n".join(f"  {kind:8}{path.relative_to(folder).as_posix()!r}" for path, kind in sorted(kinds.items()))


def assert_same(ours: list[str], wranglers: list[str], folder: Path) -> None:
    lines = [f"only this program has {name!r}" for name in ours if name not in wranglers]
    lines += [f"only wrangler has {name!r}" for name in wranglers if name not in ours]
    if not lines:
        pairs = zip(ours, wranglers, strict=True)
        lines += [f"this program runs {a!r}, but wrangler runs {b!r}" for a, b in pairs if a != b][:1]
    assert not lines, "\n".join([*lines, tree(folder)])


@pytest.mark.parametrize("inside", PATTERNS)
def test_wrangler_lists_and_applies_the_files_of_the_plan(
    wrangler: Wrangler, shop: str, cloud: HttpAccount, inside: str
) -> None:
    random = Random(inside)  # noqa: S311 - the same folder in each run, and no secret
    folder = wrangler.folder / "migrations"
    fill(folder, random)
    pattern = inside and f"migrations/{inside}"
    entry = WranglerEntry("wrangler.toml", "", "DB", "shop", shop, "migrations", TABLE, pattern, worker="shop")
    wrangler.write("wrangler.toml", put(None, entry))

    migrations = read_folder(folder, make_pattern("migrations", pattern))
    applied = ["0000_gone.sql", *random.sample([migration.name for migration in migrations], len(migrations) // 3)]
    random.shuffle(applied)
    pending = [migration.name for migration in make_plan(migrations, applied, {}).pending]
    assert len(pending) > 5, f"the folder has too few pending files:\n{tree(folder)}"

    cloud.query(shop, "\n".join([ledger.create(TABLE), *(ledger.insert(TABLE, name) for name in applied)]))
    listed = wrangler.d1("migrations", "list", "DB", "--remote").stdout
    listable = [name.rstrip(" ") for name in pending]  # wrangler pads its table with spaces
    assert_same(listable, re.findall(r"^│ (.*?) *│$", listed, re.MULTILINE)[1:], folder)

    wrangler.d1("migrations", "apply", "DB", "--remote")
    after = [row["name"] for row in cloud.query(shop, ledger.select(TABLE))]
    assert_same([*applied, *pending], after, folder)
