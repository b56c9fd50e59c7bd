"""One folder of migrations over many databases of an account. No Pulumi here, and no stack.

The modules, in the order in which data flows through them::

    selection   which databases: a pattern, a shard, and never a stack's own
    budget      how many requests a run sends, and how long Cloudflare's limit makes it
    journal     what has become of each database, on disk
    result      how one database ended
    reviews     one rehearsal for all databases that are alike
    survey      a look at every database
    member      one database: reviewed, migrated, verified
    schedule    the canary, the others, and when to stop
"""
