"""A copy of a database's schema and rows in a new one, exact to the byte. No pulumi here.

The modules, in the order in which a row passes through them::

    literal     what SQLite is asked to write a value as, and what comes back
    page        reads a table page by page, so that memory has a bound
    insert      rows -> statements that D1 takes
    script      all of it as one script: tables, rows, triggers
    reading     source -> file, again where others write to it meanwhile
    run         file -> one import, and what became of it
"""
