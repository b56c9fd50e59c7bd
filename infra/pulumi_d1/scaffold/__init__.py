"""Write the Pulumi program into a Worker project that exists already.

The modules, in the order of the flow::

    orm_folders    the folders that Drizzle and Prisma write to
    detection      read names and paths from the repository
    roles          what the names of environments and databases mean; pure
    stack_guesses  the stacks that the project gets, and their configuration; pure
    project_files  the files to write; pure
    summary        what was found and assumed, as text; pure
    next_steps     the commands to run next; pure
"""
