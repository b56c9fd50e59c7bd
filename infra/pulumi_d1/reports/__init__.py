"""The texts that users read: in a terminal, in a pull request, in documents.

The modules, in the order of the flow::

    review_text        a review for a terminal and for Pulumi's output
    review_json        a review as JSON
    markdown           user text inside of Markdown
    annotations        a review's messages at their places in the repository
    review_github      a review as workflow commands of GitHub
    review_sarif       reviews as SARIF, for code scanning
    review_junit       a review as JUnit XML
    stack_report       a stack as the comment and the page report on it
    marked_schema      the schema before and after as one, with the changes marked
    change_diagram     the changed part of a schema as a diagram of mermaid
    comment            reviews as a pull request comment
    listing            pending files as lines of SQL with their findings
    schema_picture     places for the tables of a schema, and lines between them
    timeline           the past of a database on a line of time
    page               the page of `d1 report`
    restore_text       what a restore will delete, and what it did
    backup_text        backups
    fleet_text         reviews and results of many databases, equal ones together
    status_table       the table of a project's databases
    schema_sql         a schema as SQL
    schema_typescript  a schema as types of TypeScript
    schema_diagram     a schema as a diagram
    row_test_report    results of tests of migrations
    manual             the topics of `d1 explain`
    document_file      a block of ours in the user's document
"""
