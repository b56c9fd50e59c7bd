"""Replace the contents of a database while answers are lost."""

from __future__ import annotations

import io
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pulumi_d1.cloudflare.database import D1Api
from pulumi_d1.cloudflare.retry import Retry
from pulumi_d1.copying.contents import read_contents
from pulumi_d1.copying.replace import Replacement, Script
from pulumi_d1.errors import OutcomeUnknown, SqlRefused

if TYPE_CHECKING:
    from datetime import timedelta
    from typing import BinaryIO

    from tests.support.copying import Cloud

NEW = "CREATE TABLE new (a);\nINSERT INTO new VALUES (1);\n"


@dataclass(frozen=True, slots=True)
class LateTarget(D1Api):
    """A target whose first import runs when the second one is sent, which is refused then."""

    files: list[bytes] = field(default_factory=list)

    def import_file(self, file: BinaryIO, timeout: timedelta | None = None) -> None:
        file.seek(0)
        self.files.append(file.read())
        if len(self.files) == 1:
            raise OutcomeUnknown("no answer")
        D1Api.import_file(self, io.BytesIO(self.files[0]), timeout)
        raise SqlRefused("no such table: old")


def test_a_late_first_import_is_no_failure(cloud: Cloud) -> None:
    expected, old = cloud.new(NEW), cloud.new("CREATE TABLE old (a)")
    target = LateTarget(old.client, old.account_id, old.database_id, Retry(lambda _: None))
    script = Script("the backup", read_contents(expected), lambda file: file.writelines([NEW.encode()]))
    Replacement(target, "shop", script, "d1 again", retry=Retry(lambda _: None)).run()
    assert len(target.files) == 2
    assert read_contents(old) == read_contents(expected)
