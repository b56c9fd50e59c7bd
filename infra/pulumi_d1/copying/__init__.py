"""Copy a database's schema and rows into a new one, exact to the byte. No Pulumi here.

The modules, in the order of the flow::

    script    tables, rows and triggers as one script
    snapshot  write a database's script to a file; read again if it changed meanwhile
    copy      run the file as one import, and check the result
"""
