"""What the providers do. The program itself imports none of it, which keeps a run without changes fast.

The modules, in the order of the flow::

    fields       inputs and outputs of the migrations resource, by name
    inputs       what the inputs mean
    copy_source  the database that a new one becomes a copy of
    preview      what a preview prints about the migrations
    record       what the state keeps of a run
    apply        create and update the migrations
    seeding      preview and run the seeds
"""
