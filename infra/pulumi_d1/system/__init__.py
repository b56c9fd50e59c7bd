"""The machine around us.

The modules, in the order of the flow::

    files     write files atomically, lock folders, name paths in errors
    template  fill the files of templates/
    log       show the messages that the package logs
    actor     who runs this, and from which commit
    garbage   keep the garbage collector away from imported modules
"""
