"""The control endpoint, for tests: it changes the emulator's behaviour while it runs.

It is outside of the API and needs the same token. GET shows the behaviour in force, how many requests each rule has
selected, and how many requests are in progress. PUT sets the behaviour, and DELETE sets that of the start. No rate
limit or fault applies to the endpoint.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from d1_emulator.api import envelope
from d1_emulator.api.json_object import JsonObject
from d1_emulator.api.routes import ENDPOINTS
from d1_emulator.faults.behaviour import behaviour_json, read_behaviour

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.responses import Response

    from d1_emulator.api.call import Call, Handler
    from d1_emulator.faults.injector import FaultInjector

PATH: Final = "/emulator/faults"


def handlers(injector: FaultInjector) -> Mapping[str, Handler]:
    """Return the handlers of the endpoint, by method."""

    def get(_call: Call) -> Response:
        behaviour, counts = injector.counted()
        document = behaviour_json(behaviour)
        for rule, count in zip(document["faults"], counts, strict=True):
            rule["seen"] = count
        return envelope.success({**document, "in_progress": injector.in_progress})

    def put(call: Call) -> Response:
        injector.set(read_behaviour(JsonObject.parse(call.body), ENDPOINTS, injector.start))
        return get(call)

    def delete(call: Call) -> Response:
        injector.set(injector.start)
        return get(call)

    return {"GET": get, "PUT": put, "DELETE": delete}
