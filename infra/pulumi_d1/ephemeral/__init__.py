"""Environments that come and go, such as those of pull requests. Pure.

The modules, in the order of the flow::

    names      which stacks may be ephemeral, and whose database a name is
    ttl        how long an environment lives after its last run
    inventory  the stacks, databases and wrangler entries that exist
    leftovers  what ended environments left behind
"""
