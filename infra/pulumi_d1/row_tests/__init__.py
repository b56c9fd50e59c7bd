"""Tests of migrations with rows: insert rows at the version before a migration, run it, check the rows.

The modules, in the order of the flow::

    local_database  a local database at the version before a migration
    row_test        the SQL files in the folder `tests` of the migrations
    run             run such files
"""
