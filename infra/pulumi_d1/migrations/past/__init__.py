"""What was applied, and how to restore or adopt it.

The modules, in the order of the flow::

    history      who applied what, and when, as the state keeps it
    events       history and ledger joined
    destination  the moment to restore to
    loss         what a restore would lose
    restore      restore a database once, and read it again
    correction   a new file that fixes what a restore undid
    baseline     mark migrations as applied without running them
"""
