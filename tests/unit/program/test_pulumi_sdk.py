"""Exceptions as pulumi.dynamic prints them, after the provider's method has ended; and the end of a program."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import traceback

import pulumi
import pytest

from pulumi_d1.errors import ConfigError
from pulumi_d1.program.pulumi_sdk import message_only, refusal


@pytest.fixture(autouse=True)
def own_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "tracebacklimit", sys.maxsize, raising=False)


def refuse() -> None:
    with message_only():
        raise ConfigError("migrationsDir is wrong: fix it")


def test_an_error_of_ours_is_its_message_also_when_another_call_begins_before_it_is_shown() -> None:
    with pytest.raises(Exception, match="fix it") as refused:
        refuse()
    with message_only():
        assert traceback.format_exception(refused.value) == ["D1: migrationsDir is wrong: fix it\n"]


def test_an_unforeseen_exception_keeps_its_traceback_also_after_an_error_of_ours() -> None:
    with pytest.raises(Exception, match="fix it"):
        refuse()
    with pytest.raises(Exception, match="division by zero") as unforeseen, message_only():
        1 / 0  # noqa: B018 - the mistake
    assert f'File "{__file__}", line' in str(unforeseen.value)


def test_a_note_follows_an_error_of_ours() -> None:
    with pytest.raises(Exception, match=r"^fix it\nit is kept$"), message_only("it is kept"):
        raise ConfigError("fix it")


@pytest.mark.parametrize(("has_variable", "code"), [(True, 32), (False, 1)])
def test_a_refusal_ends_the_executor_with_the_code_for_a_message_that_was_shown(
    has_variable: bool,  # noqa: FBT001 - a parameter of the test
    code: int,
) -> None:
    executor = f"""
{"PYTHON_PROCESS_EXITED_AFTER_SHOWING_USER_ACTIONABLE_MESSAGE_CODE = 32" if has_variable else ""}
exit_code = 1
try:
    program()
except RunError as error:
    message = str(error)
"""

    def program() -> None:
        raise refusal("fix\x1b it")

    variables = {"program": program, "RunError": pulumi.RunError}
    exec(executor, variables)  # noqa: S102 - as the SDK's executor runs a program
    assert (variables["exit_code"], variables["message"]) == (code, r"fix\u001b it")


PROGRAM = """
import signal, sys, time
from pulumi_d1.program.pulumi_sdk import end_with_engine
signal.signal(signal.SIGINT, signal.default_int_handler)
end_with_engine()
print("ready", flush=True)
if sys.argv[1:]:
    raise ValueError("a bug")
time.sleep(600)
"""


ENDED = """
import grpc
import pulumi
from pulumi.runtime.settings import grpc_error_to_exception
from pulumi_d1.program.pulumi_sdk import end_with_engine

class Gone(grpc.RpcError):
    def code(self):
        return grpc.StatusCode.UNAVAILABLE

pulumi.log.error = lambda text, *_: print(text)
end_with_engine()
pulumi.log.error(str(grpc_error_to_exception(Gone())))
pulumi.log.error("another error")
"""


def test_the_end_of_the_engine_is_no_error_of_the_program() -> None:
    environment = {**os.environ, "PULUMI_CONFIG": "{}"}
    process = subprocess.run([sys.executable, "-c", ENDED], env=environment, capture_output=True, text=True, check=True)
    assert process.stdout == "another error\n"


def run_program(*arguments: str, host: str = "{}", interrupts: int) -> subprocess.CompletedProcess[str]:
    """Run PROGRAM under a language host that sets the configuration `host`, or without one if that is empty."""
    environment = {**os.environ, **({"PULUMI_CONFIG": host} if host else {})}
    with subprocess.Popen(
        [sys.executable, "-c", PROGRAM, *arguments],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout
        assert process.stdout.readline() == "ready\n"
        for _ in range(interrupts):
            process.send_signal(signal.SIGINT)
        output, errors = process.communicate(timeout=30)
    return subprocess.CompletedProcess(arguments, process.returncode, output, errors)


def test_an_interrupted_program_ends_without_a_traceback() -> None:
    ended = run_program(interrupts=1)
    assert (ended.returncode, ended.stdout, ended.stderr) == (-signal.SIGINT, "", "")


def test_a_bug_keeps_its_traceback() -> None:
    assert "ValueError: a bug" in run_program("with a bug", interrupts=0).stderr


def test_without_a_language_host_an_interrupt_is_the_users() -> None:
    assert "KeyboardInterrupt" in run_program(host="", interrupts=1).stderr


def test_a_program_ends_when_its_language_host_is_gone() -> None:
    host = """
import subprocess, sys
program = subprocess.Popen([sys.executable, "-c", sys.argv[1]], stdout=subprocess.PIPE)
assert program.stdout.readline() == b"ready\\n"
"""
    # The program inherits the pipe of the errors, so this returns only when the program too has ended.
    ended = subprocess.run(
        [sys.executable, "-c", host, PROGRAM],
        env={**os.environ, "PULUMI_CONFIG": "{}"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ended.stderr == ""
