"""Outputs of a create or an update that failed half way, for Pulumi to keep.

The protocol has an answer for it, ErrorResourceInitFailed: the resource is there, and the next `pulumi up` goes on. In
pulumi.dynamic there is no way to give it: the provider gets no gRPC context, and every exception is answered alike. So
the context is found in the frame of the SDK that called the provider, and what is set there goes out with the SDK's own
answer. Where an SDK to come has none, Pulumi keeps the outputs from before, as without this.
"""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any, Final

import grpc
from google.protobuf import json_format, struct_pb2
from pulumi.dynamic.dynamic import PROVIDER_KEY
from pulumi.runtime.proto import provider_pb2, status_pb2

if TYPE_CHECKING:
    from collections.abc import Mapping

_DETAILS: Final = "grpc-status-details-bin"
"""Trailing metadata in which gRPC carries the details of an error (google.rpc.Status)."""


def keep_outputs(inputs: Mapping[str, Any], outputs: Mapping[str, Any], reason: str) -> None:
    """Lets Pulumi keep `outputs` when the create or update that runs now ends in an error.

    Args:
        inputs: as the provider was given them: the id, and the SDK's own key, are from there.
        outputs: as JSON.
        reason: the message for the user.
    """
    if (context := _context()) is None:
        return
    properties = {**outputs, PROVIDER_KEY: inputs[PROVIDER_KEY]}
    failed = provider_pb2.ErrorResourceInitFailed(
        id=inputs["database_id"], properties=json_format.ParseDict(properties, struct_pb2.Struct()), reasons=[reason]
    )
    status = status_pb2.Status(code=grpc.StatusCode.UNKNOWN.value[0], message=reason)
    status.details.add().Pack(failed)
    context.set_trailing_metadata(((_DETAILS, status.SerializeToString()),))


def _context() -> Any:
    frame = inspect.currentframe()
    while frame is not None:
        context = frame.f_locals.get("context")
        if isinstance(context, grpc.ServicerContext):
            return context
        frame = frame.f_back
    return None
