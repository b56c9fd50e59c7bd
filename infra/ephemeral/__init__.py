"""Environments that come and go, such as those of pull requests. Pure.

names   which stacks may be ephemeral, and whose database a name is
ttl     how long one lives after its last run
world   stacks, databases and entries, as they are
sweep   what is left over, from what Pulumi, Cloudflare and the wrangler configuration say
"""
