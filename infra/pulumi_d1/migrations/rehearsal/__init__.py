"""Run pending migrations on a local copy of the database, with rows, before anything is written.

The modules, in the order of the flow::

    rows/          the rows of a rehearsal: live, a sample, or generated
    broken         what fails after the files
    rehearse       run the pending files on a local database with the live schema and rows
    process        run that in a process of its own, with limits
    counts         count live rows in one request
    evidence       read the rows and rehearse
    folder_schema  the schema that migrations create in a new database
"""
