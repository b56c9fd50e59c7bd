"""Apply pending files, each exactly once.

The modules, in the order of the flow::

    request       what is sent for one file
    batch         which files share a request
    progress      how far a run has come; its messages
    outcome       what an error and the ledger mean together
    sender        send each request once and decide its outcome
    recovery      what happens after a failure
    verification  compare the database with the rehearsal
    runner        bookmark, send, verify
"""
