"""Faults on request and tighter limits, between `server` and the handlers of `api`.

The modules, in the order of the flow::

    control        the endpoint that changes the behaviour while the emulator runs
    behaviour      limits, faults and known defects, read from JSON; pure
    injector       apply the behaviour to each request
    rules          the requests that each fault hits; pure
    fault_answers  the answers of faults
    dropped        close the connection without an answer
"""
