"""Apply one folder of migrations to many databases of an account. No Pulumi here, and no stack.

The modules, in the order of the flow::

    selection  the databases: a pattern, a shard, never a stack's own
    budget     the requests of a run, and how long the rate limit makes it
    journal    the outcome of each database, on disk
    result     the outcome of one database
    reviews    one rehearsal for all equal databases
    survey     review every database, write to none
    member     review, migrate and verify one database
    schedule   the canary, the others, and when to stop
"""
