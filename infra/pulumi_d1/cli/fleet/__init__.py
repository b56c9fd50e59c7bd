"""`d1 fleet`.

The modules, in the order of the flow::

    group    the group of the commands
    options  options, and the databases that they select
    plan     `d1 fleet plan` and `budget`
    follow   the progress of a run, and its result
    up       `d1 fleet up`, `worker` and `retry`: commands that work on runs
    members  `d1 fleet create`, `delete` and `restore`
    runs     `d1 fleet status`, `history`, `approve` and `cancel`
"""
