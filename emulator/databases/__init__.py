"""The databases in the state folder. Knows nothing of HTTP.

The modules, from the outside in::

    registry    accounts -> databases
    state       the state folder: who may serve it, and what a kill leaves in it
    record      database.json
    database    one database: its connection, its lock, queries, restores
"""
