"""Lint: rules for dangerous statements, applied to a rehearsal. Each rule has one code. Pure.

The modules, in the order of the flow::

    finding     a rule, and a place that breaks it
    lost_rules  1xx: the rules about rows and values that are lost
    lost        1xx: where a file breaks them
    afterwards  1xx: what is wrong after the file
    rebuilt     1xx: triggers and indexes that a rebuild loses
    blocked     2xx: statements that D1 refuses because of existing rows
    advice      what to do about a statement that D1 refuses
    refused     2xx: statements that D1 refuses, by its own error
    ignored     2xx: statements without an effect
    traps       3xx: statements that run, but cause trouble later
    batching    3xx: batches of rows that cannot run, and statements that need them
    splitting   3xx: text that /query splits in the wrong place
    breaking    4xx: what the running code does not survive
    waivers     0xx: comments that allow a finding
    check       apply all rules to a rehearsal
"""
