"""The control endpoint, for tests: what the emulator does on purpose beyond answering correctly.

It lies outside of the API and needs the same token. GET shows the behaviour in force and how many requests each fault's
rule has selected, PUT sets it, DELETE goes back to the one that the emulator was started with. It is never rate limited
and never struck by a fault.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from d1_emulator.api import bodies, responses
from d1_emulator.api.routes import ENDPOINTS
from d1_emulator.stress.behaviour import read, show

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.responses import Response

    from d1_emulator.api.call import Call, Handler
    from d1_emulator.stress.in_force import Stress

PATH: Final = "/emulator/faults"


def handlers(stress: Stress) -> Mapping[str, Handler]:
    """Make the handlers of the endpoint, by method."""

    def get(_call: Call) -> Response:
        behaviour, counts = stress.counted()
        document = show(behaviour)
        for rule, count in zip(document["faults"], counts, strict=True):
            rule["seen"] = count
        return responses.success(document)

    def put(call: Call) -> Response:
        stress.set(read(bodies.document(call.body), ENDPOINTS, stress.start))
        return get(call)

    def delete(call: Call) -> Response:
        stress.set(stress.start)
        return get(call)

    return {"GET": get, "PUT": put, "DELETE": delete}
