"""A local Cloudflare: the D1 REST API with Time Travel, over real SQLite files, on 127.0.0.1 alone.

It shares `infra.sqlite` with the product and nothing else, so that it cannot agree with the product's own mistakes.
The way of a request::

    command     `d1 emulator`: serves until it is stopped
    server      the application and its socket; the environment that points clients here
    stress/     what goes wrong on purpose, and limits tighter than usual
    api/        all that is HTTP: from a path to its handler, from a body to what it asks, from a result to JSON
    transfers/  imports and exports, which outlast a request
    databases/  accounts -> databases; a database, its lock, queries, restores
    timetravel/ the files of a database, and its way to any earlier moment

Each imports only from those below it. All of them use `errors` (each error of the API: code, HTTP status, text), and
`ratelimit` counts requests against a quota, for `stress` and for the restores of `databases`.

Beside them: `local` is `d1 local`, the command that wraps another one in all of this, and `coverage` writes the table
of endpoints in docs/emulator.md.

What `ls` shows in the state folder::

    <account id>/<database uuid>/database.json            name, region, creation time
                                 history.log              one bookmark and its time for each commit
                                 segments/00000001.sqlite{,-wal,-shm}
    .transfers/                  files of imports and exports, until the next start
"""
