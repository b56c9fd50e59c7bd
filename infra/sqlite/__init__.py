"""SQLite as D1 runs it. Uses APSW, because the `sqlite3` module has neither error offsets nor all of the limits.

The modules, in the order in which a script passes through them::

    statements  script -> statements; pure text in, text out
    sandbox     a connection under D1's rules: authorizer, limits, functions, PRAGMAs
    execute     runs a script in one transaction, with D1's results and D1's error texts
    schema      the schema of a database as values, and a database from such values
    storage     how the tables of a schema hold their rows
    everything  whether a DELETE or UPDATE leaves a row out
    altered     what an ALTER TABLE renames or adds
    needs_empty what an ADD COLUMN is refused for on a table with rows
    recorder    what SQLite tells of a statement while it runs
    repeated    the rows of a bulk load, many at once
    observation what the statements of a script did
    observe     runs a script, and tells what each statement did
    difference  what differs between two schemas
"""
