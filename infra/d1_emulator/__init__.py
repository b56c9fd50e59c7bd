"""A local Cloudflare: the D1 REST API with Time Travel, over real SQLite files, on 127.0.0.1 only.

It shares only `pulumi_d1.sqlite` and `pulumi_d1.errors` with the product, so that it cannot repeat its mistakes.
The modules, in the order in which a request passes through them::

    local        `d1 local`: run a command against the project's emulator
    command      `d1 emulator`: serve until stopped
    server       the application and its socket
    sharing      the state folder between processes
    faults/      faults on request, and tighter limits
    api/         everything that is HTTP
    transfers/   imports and exports, which outlast a request
    databases/   accounts and databases: connection, lock, queries, restores
    timetravel/  a database's files, and any earlier moment
    api_errors   each error of the API: code, HTTP status, text
    ratelimit    count requests against a quota

The state folder::

    <account id>/<database uuid>/database.json            name, region, creation time
                                 history.log              a bookmark and its time for each commit
                                 segments/00000001.sqlite{,-wal,-shm}
    .transfers/                  files of imports and exports, until the next start
"""
