"""Rows for environments that are not prod, from SQL files that may run again. No pulumi here.

The modules, in the order in which data flows::

    plan        the folder held against what ran before
    rehearsal   runs all of them twice on a local database: what D1 refuses, and what would not bear a second run
    run         sends those that are new or changed, each as one transaction
"""
