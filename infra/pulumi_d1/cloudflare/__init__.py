"""Cloudflare's REST API for D1: the only door to the world. Nothing here knows of the emulator.

The modules, in the order of the flow::

    pace      how fast requests may be sent
    retry     wait, and ask again
    client    one request, one answer
    answers   what an answer, or none, means
    transfer  imports and exports, which run in the background
    database  one database: queries, bookmarks, restore
    account   the databases of an account
"""
