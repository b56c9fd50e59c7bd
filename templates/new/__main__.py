"""The Pulumi program: one D1 database for the stack that runs."""

import pulumi

from pulumi_d1 import D1Environment, stack_settings

environment = D1Environment("d1", stack_settings())

for name, value in environment.outputs.items():
    pulumi.export(name, value)
