"""Imports and exports, which outlast a request. No HTTP here.

The modules, in the order of the flow::

    shared   the folder and the threads of imports and exports
    imports  upload, then one transaction
    exports  dump, then an address to fetch it from
    dump     a database as SQL text
    jobs     work in threads, one job for each database
    links    files at addresses that cannot be guessed, for an hour
"""
