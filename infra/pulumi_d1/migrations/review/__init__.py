"""Review of a run before anything is written: what it would do, and what is dangerous about it.

The modules, in the order of the flow::

    rows/      rows for the rehearsal: the database's own, a sample or generated ones
    broken     what fails after the files
    rehearsal  run the pending files on a local database with the live schema and rows
    process    run that in a process of its own, with limits
    counts     count live rows in one request
    evidence   read the rows and rehearse
    lint/      the rules for dangerous statements
    review     plan, rehearsal, lint and drift in one value
"""
