"""What users read.

The modules, in the order of the flow::

    review_text    a review for a terminal and for Pulumi's output
    review_json    a review as JSON
    comment        reviews as a pull request comment
    markdown       text in Markdown
    restore_text   what a restore will lose and did
    fleet_text     many databases: alike ones on one line
    status_table   the table of environments
    marked_block   a block of ours in a document
    document_file  the document's file
"""
