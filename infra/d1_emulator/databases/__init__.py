"""The databases in the state folder. No HTTP here.

The modules, in the order of the flow::

    registry           accounts to databases
    state_folder       the state folder: its lock, leftovers of a kill, database.json
    emulated_database  one database: connection, lock, queries, restores
"""
