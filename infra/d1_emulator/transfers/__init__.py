"""Imports and exports, which outlast a request. No HTTP here.

The modules, in the order of the flow::

    shared   what imports and exports share: a folder and threads
    imports  upload, then one transaction
    exports  dump, then an address to fetch it from
    dump     a database as SQL text
    jobs     work in threads, one job for each database
    links    files at addresses that cannot be guessed, for an hour
"""
