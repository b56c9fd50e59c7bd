"""SQLite as D1 runs it. Uses APSW: the `sqlite3` module has neither error offsets nor all limits.

The modules, in the order of the flow::

    statements   split a script into statements, as SQLite does
    authorizer   what a statement may do on D1
    sandbox      a connection under D1's rules
    execute      run a script in one transaction, with D1's results and errors
    file         read a SQLite file that another program owns
    schema       a schema as values, and a database made from them
    storage      how the tables of a schema hold their rows
    everything   whether a DELETE or UPDATE takes every row
    altered      what an ALTER TABLE changes
    needs_empty  whether an ADD COLUMN works only on an empty table
    recorder     what SQLite reports while a statement runs
    repeated     INSERTs of a bulk load, many at once
    observation  what a script's statements did, as values
    observe      run a script and observe each statement
    difference   what differs between two schemas
"""
