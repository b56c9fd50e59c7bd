"""Write one file in place of several, and prove that it leaves the same database. Sends nothing.

The modules, in the order of the flow::

    replay       run files on a database whose clock is fixed
    contents     the schema and the rows that they leave
    script       write the statements that create these
    proof        run the script and compare everything
    squash       prove the file for a folder
    replacement  delete the old files, which git keeps
"""
