"""A local Cloudflare: the D1 REST API with Time Travel, over real SQLite files, on 127.0.0.1 alone.

It shares `infra.sqlite` with the product and nothing else, so that it cannot agree with the product's own mistakes.
The modules, in the order in which a request passes through them::

    command     `d1 emulator`: serves until it is stopped
    server      the application and its socket; the environment that points clients here
    routes      method and path -> handler
    call        a request as handlers see it
    bodies      JSON bodies taken apart
    requests    paths, query strings and bodies, checked
    queries     the body of a request for SQL, checked
    responses   Cloudflare's envelope, and SQL values as JSON
    analytics   the metrics that wrangler asks for, of which there are none
    errors      each error of the API: code, HTTP status, text
    registry    accounts -> databases
    state       the state folder: who may serve it, and what a kill leaves in it
    record      database.json
    database    one database: its connection, its lock, queries, restores
    timeline    Time Travel: which moment is current, and the way to another
    segments    the files of a database: a base file and its write-ahead log for each segment
    history     history.log: one line for each commit
    bookmarks   a moment as text; pure

Imports and exports, which outlast a request::

    transfer_requests   the bodies of their requests, checked
    transfer_routes     their handlers, and the states that clients poll
    transfers           what they share: a folder, and threads
    imports             upload, then one transaction
    exports             dump, then an address to fetch it from
    dump                a database as SQL text
    jobs                work in threads, one piece for each database
    links               files at addresses that cannot be guessed, for an hour
    files               the endpoint behind those addresses

What goes wrong on purpose, between `server` and `routes`::

    options      asks for it on the command line
    control      asks for it while the emulator runs; an endpoint for tests
    behaviour    what can be asked for
    properties   JSON objects taken apart, with defaults
    stress       applies it to each request
    faults       which request meets with which fault; pure
    ratelimit    counts requests against a quota
    stand_ins    the answers of faults
    dropped      no answer: the connection closes
    splitter     how the service cuts SQL, defects included; pure

`coverage` writes the table of endpoints in docs/emulator.md.

`d1 local` (`local`) is the command that wraps another one in all of this.

What `ls` shows in the state folder::

    <account id>/<database uuid>/database.json            name, region, creation time
                                 history.log              one bookmark and its time for each commit
                                 segments/00000001.sqlite{,-wal,-shm}
    .transfers/                  files of imports and exports, until the next start
"""
