"""The user's wrangler configuration, edited in place as text, and wrangler's local databases.

The modules, in the order of the flow::

    configuration_file  the configuration as a file: find, read, write
    edit                put our entry in, or take it out; a parser checks the result
    compare             where the configuration differs from a stack
    worker              what a configuration that we do not manage yet contains
    local_id            which id wrangler gives a binding's local database
    local_databases     the databases of `wrangler dev` and `--local`
    entry               one entry of `d1_databases`
    document            a parsed configuration
    syntax              what each language of configurations implements
    toml                TOML
    toml_blocks         entries written as `[[blocks]]`
    toml_inline_list    entries written as `key = [{ … }]`
    toml_text           positions in a TOML text
    jsonc               JSON with comments
    json_edit           add and remove items of a JSON text
    json_text           positions in a JSON text
    lines               line ends, indents, positions
    quoting             strings and keys as configurations write them
"""
