"""The one seam to the world: Cloudflare's REST API for D1. Nothing here knows whether it speaks to the emulator.

pace       how fast requests may be sent
client     one request, one answer
answers    what an answer means, or its absence
transfer   import and export, which run in the background
database   one database: queries, bookmarks, restore
account    the databases of an account
"""
