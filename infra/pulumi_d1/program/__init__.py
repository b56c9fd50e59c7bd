"""The Pulumi program: the only package that imports pulumi.

The modules, in the order of the flow::

    tokens               type tokens in the state; imported without pulumi
    stack_settings       read the stack's configuration
    stack_database       the database that the stack already has
    import_id            import an existing database instead of creating one
    resolved_protection  whether this run may replace or delete the database
    preparation          read and check everything before anything is registered
    environment          D1Environment, the component
    resources/           one file per resource: provider and resource together
    actions/             what the providers do; imported when they do it
    pulumi_sdk           workarounds for pulumi.dynamic
"""
