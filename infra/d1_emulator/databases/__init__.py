"""The databases in the state folder. No HTTP here.

The modules, in the order of the flow::

    registry  accounts to databases
    state     the state folder: who may serve it, and what a kill leaves in it
    record    database.json
    database  one database: connection, lock, queries, restores
"""
