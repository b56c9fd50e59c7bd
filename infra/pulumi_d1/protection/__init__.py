"""Protection of databases: whether one may be deleted, replaced or adopted.

The modules, in the order of the flow::

    decision  what changed, what it holds, what was confirmed; pure
    guard     ask before a database is deleted, and export it
    adoption  whether an existing database fits a stack; pure
"""
