"""Copy a database's schema and rows into another one, exact to the byte. No Pulumi here.

The modules, in the order of the flow::

    contents  counts and digests, to compare a database with its copy
    orphans   rows without a parent
    masks     rules that replace values
    script    tables, rows and triggers as one script
    snapshot  write a database's script to a file; read again if it changed meanwhile
    copy      run the file as one import in a new database, and check the result
    replace   run it in place of a database's contents, and compare
    local     run it in a local database
"""
