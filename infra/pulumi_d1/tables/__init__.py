"""The rows of a database: read exactly, in few requests, and written as statements that D1 accepts.

The modules, in the order of the flow::

    literal  SQL that writes values as literals
    plan     the tables to read, and what they need besides their rows
    reader   read tables in pages, several in one request
    insert   rows as statements
    digest   counts and digests of rows
"""
