"""A local Cloudflare: the D1 REST API with Time Travel, over real SQLite files, on 127.0.0.1 only.

It shares `pulumi_d1.sqlite` with the product and nothing else, so that it cannot agree with the product's mistakes.
The modules, in the order in which a request passes through them::

    local        `d1 local`: run a command against an emulator of its own
    command      `d1 emulator`: serve until stopped
    server       the application and its socket
    stress/      faults on purpose, and tighter limits
    api/         all that is HTTP
    transfers/   imports and exports, which outlast a request
    databases/   accounts and databases: connection, lock, queries, restores
    timetravel/  a database's files, and any earlier moment
    errors       each error of the API: code, HTTP status, text
    ratelimit    count requests against a quota
    coverage     write the table of endpoints in docs/emulator.md

The state folder::

    <account id>/<database uuid>/database.json            name, region, creation time
                                 history.log              a bookmark and its time for each commit
                                 segments/00000001.sqlite{,-wal,-shm}
    .transfers/                  files of imports and exports, until the next start
"""
