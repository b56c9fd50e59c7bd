"""The work of the providers. Each module but `inputs` is imported late, which keeps a run without changes fast.

The modules, in the order of the flow::

    inputs      inputs and outputs of our resources, parsed once
    preview     what a preview prints about the migrations
    record      what the state keeps of a run
    backing_up  the backup before a run that would lose rows
    apply       create and update the migrations
    seeding     preview and run the seeds
"""
