"""The user's wrangler configuration, edited in place as text, and wrangler's local databases.

The modules, in the order of the flow::

    configuration_file  the configuration as a file: find, read, write
    bindings_file       d1.bindings.json, for cloudflare.config.ts to import
    edit                put, compare and remove one entry; a parser checks the result
    worker              the Worker and all its databases, for `d1 init`
    local_databases     the databases of `wrangler dev` and `--local`
    document            a parsed configuration
    entry               one entry of `d1_databases`
    syntax              the interface that TOML and JSON implement
    toml                TOML
    toml_blocks         entries written as `[[blocks]]`
    toml_inline_list    entries written as `key = [{ … }]`
    toml_text           positions in a TOML text
    jsonc               JSON with comments
    json_edit           add and remove items of a JSON text
    json_text           positions in a JSON text
    text                line ends, positions, quoted strings and keys
"""
