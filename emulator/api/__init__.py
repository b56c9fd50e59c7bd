"""All that is HTTP: the rest of the emulator knows nothing of it, `server` and `stress` aside.

The modules, in the order in which a request passes through them::

    routes      method and path -> handler
    call        a request as handlers see it
    bodies      JSON bodies taken apart
    requests    paths, query strings and bodies, checked; pure
    queries     the body of a request for SQL, checked; pure
    splitter    how the service cuts SQL, defects included; pure
    responses   Cloudflare's envelope, and SQL values as JSON
    analytics   the metrics that wrangler asks for, of which there are none

Those of imports and exports::

    transfer_requests   the bodies of their requests, checked; pure
    transfer_routes     their handlers, and the states that clients poll
    files               the endpoint behind the addresses of their files
"""
