"""All that is HTTP. Only `server` and `stress` know of it too.

The modules, in the order of the flow::

    routes             method and path to handler
    call               a request as handlers see it
    bodies             take JSON bodies apart
    requests           check paths, query strings and bodies; pure
    queries            check the body of a request for SQL; pure
    splitter           split SQL as the service does, defects included; pure
    responses          Cloudflare's envelope, and SQL values as JSON
    analytics          the metrics that wrangler asks for; always none
    transfer_requests  check the bodies of imports and exports; pure
    transfer_routes    handlers of imports and exports, and the states that clients poll
    files              the endpoint behind the addresses of uploaded and exported files
"""
