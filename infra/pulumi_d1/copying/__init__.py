"""Copy a database's schema and rows into a new one, exact to the byte. No Pulumi here.

The modules, in the order of the flow::

    literal  read values as SQL literals
    page     read a table page by page, in bounded memory
    insert   rows to statements that D1 accepts
    script   tables, rows and triggers as one script
    reading  source to file; read again if others write meanwhile
    copy     file to one import, and its outcome
"""
