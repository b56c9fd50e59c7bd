"""Applied files, and how to restore or adopt a database.

The modules, in the order of the flow::

    history      the applied files, as the state records them
    events       the history joined with the ledger
    destination  the moment to restore to
    loss         the files and schema that a restore would undo
    restore      restore a database once, and read it again
    reversal     the reverse of a file
    undo         undo a file with a new one, and prove it
    correction   a new file that corrects what a restore undid
    takeover     the files that other tools have applied
    baseline     mark migrations as applied without running them
"""
