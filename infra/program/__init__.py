"""The Pulumi resources: the only folder that imports pulumi.

stack_settings -> prepared (adoption, owned, release) -> environment, which registers database, bindings, copying,
migrations and seeds; what their providers do is in provider, source, fields, inputs, preview, application, journal,
seeding.
"""
