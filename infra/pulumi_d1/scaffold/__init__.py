"""Write the Pulumi program into a Worker project that exists already.

The modules, in the order of the flow::

    detection      read names and paths from the repository
    stack_guesses  the stacks that the project gets, and their configuration; pure
    project_files  the files to write; pure
"""
