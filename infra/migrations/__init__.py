"""SQL files to an up-to-date database. No Pulumi here.

The modules, in the order in which a run passes through them::

    pattern      which files count
    folder       the SQL files, in wrangler's order
    live         the database as it is: ledger and schema
    ledger       wrangler's table, statement by statement
    plan         what is pending, and what looks wrong about the folder
    rehearsal    the pending files, run on a local database with the live schema
    lineage      where the values that a database holds go meanwhile
    effects      what the files do to rows that are there
    rows         how many live rows that concerns
    lint/        what is dangerous about them
    review       all of that in one value, before anything is written
    bookmark     the way back
    request      what is sent for one file
    batch        what shares a request
    sender       sends each request once; the ledger decides what became of it
    runner       joins them
    verification whether the database is what the rehearsal made of it
    outcome      what an error means, together with the ledger
    progress     how far a run has come, and what its failure tells
    recovery     what happens after a failure
    history      who applied what, and when

And back::

    past         history and ledger joined
    destination  the moment to go back to
    loss         what is lost on the way
    restore      goes back, once
    correction   the file that does right what was taken back

And in: baseline marks what a database has already.
"""
