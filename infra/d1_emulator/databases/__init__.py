"""The databases in the state folder. No HTTP here.

The modules, in the order of the flow::

    registry           accounts to databases
    state_folder       the state folder: its lock, leftovers of a kill, database.json
    usage              rows and queries of each hour
    limits             the service's limits; pure
    emulated_database  one database: lock, queries, imports, restores
    sql_process        processes that run SQL, and that can be killed
    sql_session        what happens in such a process
"""
