"""Apply one folder of migrations to many databases of an account. No Pulumi here, and no stack.

The modules, in the order of the flow::

    selection  the databases: a pattern or names, a shard, never a stack's own
    budget     the requests of a run, and how long the rate limit makes it
    result     a run and its numbers
    runs       start, read, approve, cancel and repeat runs
    slots      one rate of requests for all workers
    reviews    one rehearsal for all equal databases
    member     the steps of one database
    engine     the workflows of a run, on DBOS
"""
