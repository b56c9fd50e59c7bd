"""What a run would do, before anything is written.

rehearsal  the pending files, run on a local database with the live schema
lineage    where the values that a database holds go meanwhile
effects    what the files do to rows that are there
rows       how many live rows that concerns
lint/      what is dangerous about them
review     all of that in one value
"""
