"""Workarounds for what Pulumi's SDK leaves out (pulumi 3.272, with the engine 3.276).

`message_only` shows an error of ours without a Python traceback. pulumi.dynamic answers every exception with
traceback.format_exc(); sys.tracebacklimit, Python's own switch, shortens that to the exception itself.

`refusal` is one message. The SDK's executor prints a RunError and ends with a code for which the language host adds
"Program exited with non-zero exit code". It has another code for "the message is shown", which only its own errors use,
in a variable of its module. If a later executor has no such variable, Pulumi prints both lines.

`keep_outputs` lets Pulumi keep what a create or update did before it failed. The protocol has an answer for that,
ErrorResourceInitFailed, but pulumi.dynamic cannot give it. The details are set on the gRPC context of the SDK's call,
which is found in the SDK's stack frame. If a later SDK has no such frame, Pulumi keeps the outputs from before.

`end_with_engine` keeps tracebacks from users. The engine stops a program with SIGINT, after a refusal and after a
Ctrl-C, and the SDK's executor does not catch KeyboardInterrupt. If the language host was killed, nobody sends a SIGINT,
and an engine may wait for the program. After a failed resource, a call to the engine may fail before the SIGINT comes;
the executor's line about that is left out, because the resource's own error is shown.

`on_cancel` ends what is running after a Ctrl-C. The engine waits for the calls that it has made, and pulumi.dynamic has
no way to end them.
"""

from __future__ import annotations

import inspect
import os
import signal
import sys
import time
import traceback
import warnings
from contextlib import contextmanager
from threading import Thread
from typing import TYPE_CHECKING, Any, Final

import grpc
import pulumi
from google.protobuf import json_format, struct_pb2
from pulumi.dynamic.dynamic import PROVIDER_KEY
from pulumi.runtime.proto import provider_pb2, status_pb2

from pulumi_d1.errors import D1Error
from pulumi_d1.escaping import escape_lines

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from types import FrameType, TracebackType

PREFIX: Final = "D1"
"""Stands in front of each message."""

OUTPUTS_KEPT: Final = "The run ended early. Pulumi may list the stack's outputs as removed; they are kept."
"""Follows an error of a stack that has run before."""

_DETAILS: Final = "grpc-status-details-bin"
"""Trailing metadata in which gRPC carries the details of an error (google.rpc.Status)."""

_EXIT_CODE: Final = "exit_code"
_SHOWN: Final = "PYTHON_PROCESS_EXITED_AFTER_SHOWING_USER_ACTIONABLE_MESSAGE_CODE"
"""Variables of the executor: its exit code, and the one after a message that the user has seen."""

_HOST_VARIABLE: Final = "PULUMI_CONFIG"
"""The variable that a language host sets for its program."""

_HOST_CHECK_SECONDS: Final = 1.0

_ENGINE_GONE: Final = "Resource monitor has terminated, shutting down"
"""The SDK's error for a call to an engine that has ended."""


class _ShownError(Exception):
    """Prints as `D1: message`."""

    __module__ = "builtins"  # Python leaves this module's name out when it prints an exception


_ShownError.__qualname__ = PREFIX


@contextmanager
def message_only(note: str = "") -> Iterator[None]:
    """Raise a D1Error again as its message alone, and any other exception with its traceback as the message.

    Args:
        note: A line that follows the message of a D1Error.
    """
    # Never set back: calls run at the same time, and the limit holds for all of them.
    sys.tracebacklimit = 0
    try:
        yield
    except D1Error as error:
        raise _ShownError(escape_lines("\n".join(filter(None, (str(error), note))))) from None
    except Exception as error:  # noqa: BLE001 - raised again, with all that is known of it
        trace = "".join(traceback.format_exception(error, limit=sys.maxsize)).rstrip()
        raise _ShownError(escape_lines(trace)) from None


def warn(message: str) -> None:
    """Print a warning."""
    pulumi.warn(escape_lines(message))


def refusal(message: str) -> pulumi.RunError:
    """Return the error that ends the program with this message and nothing else."""
    frame = inspect.currentframe()
    while frame is not None:
        if _EXIT_CODE in frame.f_globals and _SHOWN in frame.f_globals:
            frame.f_globals[_EXIT_CODE] = frame.f_globals[_SHOWN]
        frame = frame.f_back
    return pulumi.RunError(escape_lines(message))


def keep_outputs(inputs: Mapping[str, Any], outputs: Mapping[str, Any], message: str) -> None:
    """Let Pulumi keep `outputs` when the create or update that is running ends in an error.

    Args:
        inputs: The inputs as the provider got them; they hold the id and the SDK's own key.
        outputs: The outputs to keep, as JSON.
    """
    if (context := _grpc_context()) is None:
        return
    reason = f"{PREFIX}: {escape_lines(message)}"
    properties = {**outputs, PROVIDER_KEY: inputs[PROVIDER_KEY]}
    failed = provider_pb2.ErrorResourceInitFailed(
        id=inputs["database_id"], properties=json_format.ParseDict(properties, struct_pb2.Struct()), reasons=[reason]
    )
    status = status_pb2.Status(code=grpc.StatusCode.UNKNOWN.value[0], message=reason)
    status.details.add().Pack(failed)
    context.set_trailing_metadata(((_DETAILS, status.SerializeToString()),))


def end_with_engine() -> None:
    """End this program without a traceback when the engine stops it, and within seconds when its language host is gone.

    Without a language host, as in an inline program of Pulumi's Automation API, the process is the user's: do nothing.
    """
    if _HOST_VARIABLE not in os.environ:
        return
    show = sys.excepthook

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # the engine repeats it, which would interrupt Python's exit
        warnings.filterwarnings("ignore", r"coroutine .* was never awaited", RuntimeWarning)  # the SDK's, now given up
        raise KeyboardInterrupt

    def hook(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        if not issubclass(kind, KeyboardInterrupt):
            show(kind, error, trace)

    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, interrupt)
    sys.excepthook = hook
    _leave_out(_ENGINE_GONE)
    Thread(target=_end_without, args=(os.getppid(),), daemon=True).start()


def _leave_out(message: str) -> None:
    """Let Pulumi's SDK not print this error."""
    show = pulumi.log.error

    def error(
        msg: str,
        resource: pulumi.Resource | None = None,
        stream_id: int | None = None,
        ephemeral: bool | None = None,  # noqa: FBT001 - the SDK's signature
    ) -> None:
        if msg != message:
            show(msg, resource, stream_id, ephemeral)

    pulumi.log.error = error


def _end_without(host: int) -> None:
    while os.getppid() == host:
        time.sleep(_HOST_CHECK_SECONDS)
    os._exit(1)


_cancel_actions: list[Callable[[], None]] = []


def on_cancel(action: Callable[[], None]) -> None:
    """Call a function when the engine cancels this provider.

    The SDK's server already holds the method that answers, so its code is replaced. If a later SDK has no such method,
    a Ctrl-C waits for the running calls.
    """
    servicer = getattr(sys.modules["__main__"], "DynamicResourceProviderServicer", None)
    if servicer is not None and not _cancel_actions:
        _cancel_actions.append(action)
        servicer.Cancel.__code__ = _cancel.__code__


def _cancel(_self: Any, _request: Any, _context: Any) -> Any:
    # This code runs with the global names of the SDK's module.
    from google.protobuf.empty_pb2 import Empty

    from pulumi_d1.program.pulumi_sdk import _cancel_actions

    for action in _cancel_actions:
        action()
    return Empty()


def _grpc_context() -> Any:
    frame = inspect.currentframe()
    while frame is not None:
        context = frame.f_locals.get("context")
        if isinstance(context, grpc.ServicerContext):
            return context
        frame = frame.f_back
    return None
