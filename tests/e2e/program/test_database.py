"""Our D1Database registers what pulumi-cloudflare's own class would."""

from __future__ import annotations

import json
import subprocess
import sys

PROGRAM = """
import json, sys
import pulumi
from google.protobuf.json_format import MessageToDict

class Mocks(pulumi.runtime.Mocks):
    def new_resource(self, args):
        return ["an-id", args.inputs]

    def call(self, args):
        return {}

pulumi.runtime.set_mocks(Mocks())
monitor = pulumi.runtime.settings.get_monitor()
register = monitor.RegisterResource

def shown(request):
    if request.type.startswith("cloudflare:"):
        print(json.dumps([request.type, request.name, MessageToDict(request.object), request.version, request.protect]))
    return register(request)

monitor.RegisterResource = shown

@pulumi.runtime.test
def ours():
    from pulumi_d1.program.resources.database import D1Database
    inputs = {"accountId": "a", "name": "n", "jurisdiction": None, "primaryLocationHint": "weur"}
    D1Database("database", {**inputs, "readReplication": {"mode": "disabled"}}, pulumi.ResourceOptions(protect=True))
    assert "pulumi_cloudflare" not in sys.modules

@pulumi.runtime.test
def theirs():
    import pulumi_cloudflare as cloudflare
    cloudflare.D1Database(
        "database", account_id="a", name="n", primary_location_hint="weur",
        read_replication=cloudflare.D1DatabaseReadReplicationArgs(mode="disabled"),
        opts=pulumi.ResourceOptions(protect=True),
    )

globals()[sys.argv[1]]()
"""


def registered(whose: str) -> list[object]:
    """Type, name, inputs, plugin version and protection of the one database that a program registers."""
    done = subprocess.run([sys.executable, "-c", PROGRAM, whose], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    found: list[object] = json.loads(done.stdout)
    return found


def test_it_registers_what_the_package_registers() -> None:
    ours = registered("ours")
    assert ours[0] == "cloudflare:index/d1Database:D1Database"
    assert ours[2] == {
        "accountId": "a",
        "name": "n",
        "primaryLocationHint": "weur",
        "readReplication": {"mode": "disabled"},
    }
    assert ours == registered("theirs")
