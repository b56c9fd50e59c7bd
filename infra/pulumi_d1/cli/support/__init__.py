"""Plumbing of the `d1` commands.

The modules, in the order of the flow::

    group               import a command when it runs; turn errors into messages
    output              print to a terminal or a log
    exit_codes          exit codes
    options             options and shell completion
    project             the Pulumi project around the current folder, without Pulumi
    pulumi_process      run the pulumi command
    stack_token         the API token of a stack
    stack_state         a stack's state and configuration
    stack_review        review a stack's database without Pulumi
    environments        all environments as they are now
    local_file          the local database of `wrangler dev` for a stack
    stack_inventory     stacks, databases and wrangler entries of ephemeral environments
    open_pull_requests  read the open pull requests
    takedown            delete an environment
    init_choices        choices of `d1 init`
    backup_place        the place of a stack's backups
    source_copy         read a stack's database, masked, and verify the copy
    confirm             ask for confirmation
    waiting             show a slow activity
    table               print tables
"""
