"""Write the Pulumi program into a Worker project that exists already.

The modules, in the order of the flow::

    orm_folders    the folders that Drizzle and Prisma write to
    detection      read names and paths from the repository
    roles          the roles that the names of environments and databases state; pure
    stack_guesses  the stacks that the project gets, and their configuration; pure
    origin         the place that this package was installed from; pure
    project_files  the files to write; pure
    summary        the findings and assumptions, as text; pure
    next_steps     the commands to run next; pure
"""
