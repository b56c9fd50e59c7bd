"""Review of a run before anything is written: what it would do, and what is dangerous about it.

The modules, in the order of the flow::

    lint/        the rules for dangerous statements
    limits       D1's limits before they hurt
    row_changes  how many rows of each table the files change
    review       plan, rehearsal, lint and drift in one value
"""
