"""SQLite as D1 runs it. Uses APSW: the `sqlite3` module has no error offsets and not all limits.

The modules, in the order of the flow::

    names         names as SQLite compares them
    statements    split scripts into statements, as SQLite does
    authorizer    what a statement may do on D1
    sandbox       connections under D1's rules
    frozen        a database whose clock is fixed
    messages      errors without values of rows
    execute       run scripts in one transaction, with D1's results and errors
    file          read a SQLite file that belongs to another program
    local         a local database that a script is loaded into
    schema        schemas as values, and databases created from them
    storage       how tables store their rows
    references    foreign keys whose parents can be looked up
    alter_table   the new names in an ALTER TABLE
    probe         questions that SQLite answers by running a part of a statement
    recorder      what SQLite reports while a statement runs
    strings       words in double quotes that are strings
    table_copies  copy tables aside while a script runs
    fates         what became of their rows
    bulk_inserts  runs of INSERTs that differ only in their values
    observation   what the statements of a script did, as values
    observe       run a script and observe each statement
    difference    compare two schemas
"""
