"""One folder of migrations for many databases of an account. No Pulumi here, and no stack.

The modules, in the order of the flow::

    selection  which databases: a pattern, a shard, never a stack's own
    budget     how many requests a run sends, and how long that takes
    journal    the outcome of each database, on disk
    result     how one database ended
    reviews    one rehearsal for all databases that are alike
    survey     inspect every database
    member     review, migrate and verify one database
    schedule   the canary, the others, and when to stop
"""
