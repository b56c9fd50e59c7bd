"""What goes wrong on purpose, between `server` and the handlers of `api`.

The modules, from what is asked for to what a client meets::

    options      asks on the command line
    control      asks while the emulator runs; an endpoint for tests
    behaviour    what can be asked for
    properties   JSON objects taken apart, with defaults
    in_force     the behaviour in force, applied to each request
    faults       which request meets with which fault; pure
    stand_ins    the answers of faults
    dropped      no answer: the connection closes
"""
