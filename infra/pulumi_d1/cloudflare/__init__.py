"""Cloudflare's REST API for D1. Nothing else in this package sends requests; nothing here depends on the emulator.

The modules, in the order of the flow::

    pace         the rate of requests, within Cloudflare's limit
    retry        pauses and repeated requests
    client       one request, one answer
    connections  proxies and certificates, a deadline and a size limit for each answer
    answers      results and errors from Cloudflare's JSON
    text         text of other programs, made safe to print
    transfer     imports and exports, which run in the background
    database     one database: queries, bookmarks, restore
    account      the databases of an account
"""
