"""What goes wrong on purpose, between `server` and the handlers of `api`.

The modules, in the order of the flow::

    options     options of the command line
    control     the endpoint that changes the behaviour while the emulator runs
    behaviour   what can be asked for
    properties  take JSON objects apart, with defaults
    in_force    apply the behaviour to each request
    faults      which request meets which fault; pure
    stand_ins   the answers of faults
    dropped     close the connection without an answer
"""
