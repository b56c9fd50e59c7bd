"""Rows for the rehearsal: the database's own, a sample of them, or generated ones.

The modules, in the order of the flow::

    options     where the rows come from, how many are read, and what a result is based on
    sample      some rows of each table, and those that they reference
    read        all rows of a database, or a sample, as statements for a local copy
    layout      the tables to fill with generated rows
    candidates  values that suit a column and its CHECKs
    insertion   insert generated rows into a table, until SQLite accepts them
    made        generated rows for all tables that have none
"""
