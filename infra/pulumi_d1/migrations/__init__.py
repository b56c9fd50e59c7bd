"""SQL files to an up-to-date database. No Pulumi here.

The modules, in the order of the flow::

    pattern        which files count
    passed_over    files that do not count, and why
    squashes       files that stand for several
    folder         read the SQL files, in wrangler's order
    next_file      the name of a new file
    batches        files that run in batches of rows
    importing      which files must be sent as an import
    ledger         the SQL of wrangler's `d1_migrations` table
    other_ledgers  the tables in which other tools list what they applied
    ledger_check   why a table is not a ledger, or a row names no file
    live           read a database's ledger and schema
    quarantine     files that a restore undid and a stack refuses
    contract       files that wait until the previous code is gone
    stop           where a run stops before the last file
    plan           what is pending, and what is wrong with the folder
    rehearsal/     run pending files on a local copy of the database, with rows
    review/        what a run would do: rehearsal and lint
    rebuild/       write files that rebuild tables and lose nothing
    squash/        write one file in place of several
    bookmark       a Time Travel bookmark and its restore command
    run/           apply what the review found pending
    past/          what was applied; restore and baseline
"""
