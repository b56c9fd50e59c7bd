"""Rows for stacks other than production, from SQL files that can run again. No Pulumi here.

The modules, in the order of the flow::

    changes  compare the folder with the files that ran
    dry_run  run all files twice on a local database
    run      send new and changed files, each in its own request
"""
