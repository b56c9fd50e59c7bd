"""Review of a run before anything is written: what it would do, and what is dangerous about it.

The modules, in the order of the flow::

    rows/      rows for the rehearsal: the database's own, a sample or generated ones
    rehearsal  run the pending files on a local database with the live schema
    lineage    follow the existing values through renames, copies and losses
    effects    what the files do to existing rows
    counts     count the live rows that these effects concern
    lint/      the rules for dangerous statements
    review     plan, rehearsal, lint and drift in one value
"""
