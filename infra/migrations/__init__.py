"""SQL files to an up-to-date database. No Pulumi here.

The modules, in the order in which data flows through them::

    pattern      which files count
    folder       the SQL files, in wrangler's order
    ledger       wrangler's table, statement by statement
    live         the database as it is: ledger and schema
    plan         what is pending, and what looks wrong about the folder
    review/      what a run would do: rehearsal, rows, lint
    bookmark     the way back
    run/         applies what the review found pending
    past/        what was applied, and the way back to before it
"""
