"""Cloudflare D1 databases as code.

The modules, in the order in which data flows through them::

    settings    what a stack can be configured with
    naming      [project]-db-[environment]
    sqlite/     SQLite under D1's rules
    migrations/ pattern -> folder -> ledger -> plan -> review/ -> run/, and past/, the way back
    fleet/      the same for many databases, which no stack owns
    copying/    a database's schema and rows in a new one
    seeds/      rows from SQL files, for environments that are not prod
    cloudflare/ the one seam to the world: databases and accounts behind Cloudflare's API
    ephemeral/  environments that come and go, and what is left over of them
    render/     wrangler configuration, the report of a review, the status table
    program/    the Pulumi resources: the only folder that imports pulumi
    scaffold/   the program in someone else's repository: what `d1 init` finds and writes
    cli/        the d1 command

Beside cloudflare/: retry, which waits for it. Beside them all: errors, the tree of exceptions; collector, which spares
Python a search through what is imported; files, which writes what others read at the same moment; wrangler_file and
marked_file, which do so with the configuration and the document that render/ edits; wrangler_state, wrangler's local
databases; actor, which tells who runs this; quarantine, the texts that a restore took back; adoption, which tells
whether a database that exists fits a stack; deletion, which tells whether one may go, and export, which saves it
before, both asked by safeguard.
"""
