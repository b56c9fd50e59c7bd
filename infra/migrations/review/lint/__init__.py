"""What is dangerous about pending migrations, from what their rehearsal saw: one rule, one code. Pure.

The modules: finding and figures are what the rules share; check runs all of them::

    lost     1xx  rows and values that are gone afterwards
    refused  2xx  what D1 refuses, by its own error
    blocked  2xx  what D1 refuses because of rows that are there
    ignored  2xx  what D1 runs, and what changes nothing
    traps    3xx  what runs, and comes back later
    cut      3xx  what /query cuts in the wrong place
    waivers  0xx  comments that allow a finding, and those that allow nothing
"""
