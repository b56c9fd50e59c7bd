"""Apply pending files, each exactly once.

The modules, in the order of the flow::

    options       a stack's decisions about its runs
    request       one request: files and their ledger rows
    batch         combine small requests
    progress      the progress of a run, and the message of its failure
    settling      wait for a request whose response was lost
    outcome       decide the outcome of a request from its error and the ledger
    repeat        send a file in batches until no row is left
    sender        send each request once
    recovery      stop or restore after a failure
    verification  compare the database with the rehearsal
    runner        take a bookmark, send, verify
"""
