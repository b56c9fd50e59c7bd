"""The machine that the program runs on.

The modules, in the order of the flow::

    files            atomic writes, locks, and errors that name their file
    yaml_text        YAML of the user's files
    packaged         the folders of the repository that the wheel contains
    template         the files of templates/, filled in
    shared_database  a database in SQLite or PostgreSQL for several processes
    signals          signals that a block handles in its own way
    log              the handler for the package's messages
    git              questions to the user's git
    actor            the user of this run, and the commit
    garbage          Python's garbage collector, kept away from imported modules
"""
