"""The Pulumi program in someone else's repository.

The modules, in the order of the flow::

    detection      read what the repository contains
    stack_guesses  which stacks the project has; pure
    project_files  the files to write; pure
"""
