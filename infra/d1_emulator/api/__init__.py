"""Everything that is HTTP. Only `server` and `faults` use it.

The modules, in the order of the flow::

    routes                 method and path to handler
    call                   a request as handlers receive it
    json_object            read JSON bodies; pure
    account_endpoints      token, accounts and metrics, for wrangler
    database_endpoints     create, list, get, change and delete databases
    sql_endpoints          run SQL
    splitter               split SQL as the service does, defects included; pure
    time_travel_endpoints  bookmarks and restores
    transfer_endpoints     imports, exports and their files
    envelope               Cloudflare's envelope around each answer

An endpoint is in one module: pure functions that read its request and write its result, its handler, and its line in
`ROUTES`. After a change of `ROUTES`, `python -m tests.support.emulator_endpoints --write` updates the documentation.
"""
