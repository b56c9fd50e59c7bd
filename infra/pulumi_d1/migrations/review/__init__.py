"""What a run would do, before anything is written.

The modules, in the order of the flow::

    rehearsal  run the pending files on a local database with the live schema
    lineage    where the values of a database go meanwhile
    effects    what the files do to existing rows
    rows       count the live rows that this concerns
    lint/      rules: what is dangerous about the files
    review     all of that in one value
"""
