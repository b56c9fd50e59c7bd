"""Measurements: `python -m bench` compares this project with what people use today, in turns.

Each of these modules measures one group, and returns the rows of its table::

    pending_files   pending small files, against `wrangler d1 migrations apply`
    large_file      one large file, against `wrangler d1 execute --file`
    no_changes      `pulumi up` and `pulumi preview` without changes, against a program without resources
    startup         imports, `d1 --help`, `d1 plan`
    previews        previews with many applied files, and against a program without migrations
    rehearsals      reviews of many files, and on a large schema
    emulator        writes, against miniflare's explorer; bookmarks of a large database
    many_databases  many databases, against a loop of wrangler
    fleet           the engine of a fleet, over simulated databases
    peers           whole runs, and what happens after failures, against Alchemy, drizzle-kit and wrangler

They use these::

    simulated      a stand-in for D1 with any number of equal databases
    stage          an emulator, accounts, wrangler and Pulumi projects
    deployments    a project of each tool, with its migrations and its database
    situations     failures, and what a tool made of them
    measure        time processes, and compare two contenders
    tree_memory    the memory of a process and all of its children together
    launcher       start one process and record its time and memory
    apply_pending  the process of our runner alone
    results        save the figures, and format them as tables
"""
