"""Get the Pulumi engine onto a machine that has none, for developers and CI.

The modules, in the order of the flow::

    get_engine       `python tools/engine`
    finder           the order of attempts: PATH, the cache, the official installer, a build from Go modules
    cache            downloads and builds: per version, outside the checkout, complete or absent
    installer        the official installer
    build            compile go/go.mod; needs only a Go module proxy
    provider_plugin  the Cloudflare provider plugin, or the stand-in
    scripts          executables that start the engine, its language host and the stand-in
    language_host    the Python language host for an engine that came without one
    program          a Pulumi program: its interpreter, packages and process
    standin          the stand-in: only D1Database, only on loopback addresses
    plugin_process   the process of a Pulumi plugin: a gRPC server that its engine starts and ends
"""
