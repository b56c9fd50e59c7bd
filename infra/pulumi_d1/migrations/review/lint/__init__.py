"""What is dangerous about pending migrations, judged by their rehearsal: one rule, one code. Pure.

The modules, in the order of the flow::

    finding  a rule, and a place where it applies
    figures  row counts in messages and severities
    lost     1xx: rows and values that are lost
    refused  2xx: what D1 refuses, by its own error
    blocked  2xx: what D1 refuses because of existing rows
    ignored  2xx: statements without an effect
    traps    3xx: what runs, and hurts later
    cut      3xx: what /query splits in the wrong place
    waivers  0xx: comments that allow a finding
    check    run all rules over a rehearsal
"""
