"""What several commands share.

The modules, in the order of the flow::

    group               import commands when they run; turn errors into messages and exit codes
    options             options and shell completion
    project             the Pulumi project around the current folder, without Pulumi
    pulumi_process      run the pulumi command
    stack_state         a stack's state and configuration
    stack_review        review a stack's database without Pulumi
    environments        every environment as it is now
    stack_inventory     stacks, databases and entries of ephemeral environments
    open_pull_requests  read the open pull requests
    takedown            take an environment down
    fleet_options       options of `d1 fleet`
    fleet_progress      progress of `d1 fleet`
    confirm             ask before a database is changed
    waiting             say what takes long
    table               tables in a terminal and in a log
"""
