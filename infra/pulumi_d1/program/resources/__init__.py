"""The resources of one environment. Each provider's dotted path is a stored format: docs/adr/0003.

The modules, in the order of the flow::

    database    the D1 database, as pulumi-cloudflare's provider knows it
    provider    the base of our providers: token, read, delete
    contents    the contents of the database, which are exported before both are deleted
    bindings    the entry in the wrangler configuration
    copy        the copy that a new database starts with
    migrations  the applied migrations
    seeds       the seeds that ran
"""
