"""Gets the Pulumi engine onto a machine, for people and CI who have none.

The modules, in the order in which they are tried::

    finder           the order: PATH, the cache, the official installer, a build from Go modules
    cache            what was got before: per version, outside the checkout, complete or not there
    installer        the official installer
    build            go/go.mod compiled; needs nothing but a Go module proxy
    language_host    the Python language host for an engine that came without one
    program          which interpreter runs a Pulumi program, and how
    provider         the Cloudflare provider plugin: the real one, or the stand-in
    standin          the stand-in: D1Database alone, on loopback addresses alone
    scripts          executables that start the engine, its language host and the stand-in
    plugin_process   how a Pulumi plugin runs: a gRPC server that its engine starts and ends
    command          `python tools/engine`
"""
