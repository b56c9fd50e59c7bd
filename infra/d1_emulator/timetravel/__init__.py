"""Time Travel: SQLite's write-ahead log kept as history.

The modules, in the order of the flow::

    timeline    the current moment, and restores of earlier ones
    segments    a base file and its write-ahead log for each segment
    commit_log  history.log: one line for each commit
    bookmarks   a moment as text; pure
"""
