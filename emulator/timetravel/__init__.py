"""Time Travel: SQLite's write-ahead log kept as history.

The modules, from the outside in::

    timeline    which moment is current, and the way to another
    segments    the files of a database: a base file and its write-ahead log for each segment
    history     history.log: one line for each commit
    bookmarks   a moment as text; pure
"""
