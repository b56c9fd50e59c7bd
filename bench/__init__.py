"""Measurements: `python -m bench` runs them side by side with what they are compared with, and in turns.

Each of these measures one group, and gives the rows of its table::

    runner      pending small files, against `wrangler d1 migrations apply`
    import_     one large file, against `wrangler d1 execute --file`
    program     `pulumi up` and `pulumi preview` without changes, against a program that makes nothing
    start       imports, `d1 --help`, `d1 plan`
    preview     previews with many applied files, and beside a program without migrations
    rehearsal   reviews of many files, and on a large schema
    emulator    writes, against miniflare's explorer; bookmarks of a large database
    fleet       many databases, against a loop of wrangler

What they stand on: stage, an emulator, accounts, wrangler and Pulumi projects; measure, which times processes by way of
launcher; ours, the process that is our runner alone; results, which keeps the figures and makes the tables.
"""
