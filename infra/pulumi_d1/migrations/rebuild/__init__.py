"""Write files that rebuild tables and lose nothing on D1.

The modules, in the order of the flow::

    definition   change the text of a CREATE TABLE
    script       read the rebuilds in a file
    safe_script  write a file that does the same and loses nothing
    proof        run both on rows and compare every table
    rebuild      prove a file, or a wish, on the rows of a database
"""
