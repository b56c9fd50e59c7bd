"""Rows for environments that are not production, from SQL files that may run again. No Pulumi here.

The modules, in the order of the flow::

    changes  the folder compared with what ran before
    dry_run  run all files twice on a local database
    run      send new and changed files, each as one transaction
"""
