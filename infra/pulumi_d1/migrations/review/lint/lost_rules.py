"""1xx: the rules about rows and values that are lost."""

from __future__ import annotations

from typing import Final

from pulumi_d1.migrations.review.lint.finding import Rule

CASCADE: Final = Rule(
    "D101",
    "foreign keys delete or change rows of other tables",
    "D1 runs DROP TABLE as a DELETE of every row and follows foreign keys: CASCADE deletes the referencing rows, SET "
    "NULL and SET DEFAULT overwrite their column. There is no error (workers-sdk#5438, drizzle-orm#4938). A copy of a "
    "table that references the original loses rows too. PRAGMA defer_foreign_keys delays checks, not these actions. "
    "PRAGMA foreign_keys has no effect inside a transaction, and every request to D1 is one.",
    "If ALTER TABLE can make the change (ADD, RENAME or DROP COLUMN), use it and rebuild nothing. Otherwise, d1 "
    "rebuild writes the file, or do all of this in one file. Before you change the parent, for each table in the "
    "message: CREATE TABLE keep_sessions AS SELECT * FROM sessions; and DROP TABLE sessions; so that nothing "
    "references the parent. Then rebuild the parent. Then run the old CREATE TABLE sessions with its indexes and "
    "triggers, INSERT INTO sessions SELECT * FROM keep_sessions; and DROP TABLE keep_sessions;",
)
DROPPED: Final = Rule(
    "D102",
    "a table is dropped with its rows",
    "The rows are deleted. Only Time Travel still has them, until its history ends. A table that a file drops and "
    "creates again counts too, if nothing is copied back into it. Rows that the file copies to another table do not "
    "count.",
    "First deploy code that does not use the table. Then drop it in a file that begins with -- d1:contract, and allow "
    "that with a reason. To keep the rows, copy them before the DROP: CREATE TABLE logs_old AS SELECT * FROM logs; In "
    "a rebuild, INSERT INTO the new table SELECT from the old one before the DROP.",
)
COLUMN: Final = Rule(
    "D103",
    "a column loses its values",
    "The values are deleted. Only Time Travel still has them, until its history ends. A rebuilt table loses the "
    "columns that its INSERT ... SELECT does not read. Values that the file copies to another column do not count.",
    "First deploy code that does not use the column. Then drop it in a file that begins with -- d1:contract, and allow "
    "that with a reason. To keep the values, copy them before: CREATE TABLE old_names AS SELECT id, name FROM users; "
    "In a rebuild, name the column in the SELECT.",
)
DELETED: Final = Rule(
    "D104",
    "a DELETE removes every row",
    "A DELETE without WHERE, or with one that is always true, empties the table. Rows that the same file inserts again "
    "do not count.",
    "Name the rows: DELETE FROM logs WHERE created_at < '2020-01-01'. If you mean all of them, allow it with a reason.",
)
UPDATED: Final = Rule(
    "D105",
    "an UPDATE overwrites every row",
    "An UPDATE without WHERE, or with one that is always true, overwrites the column in every row. A column without "
    "values does not count.",
    "Name the rows: UPDATE users SET role = 'guest' WHERE role IS NULL. If you mean all of them, allow it with a "
    "reason.",
)
LEFT_OUT: Final = Rule(
    "D106",
    "a copy leaves rows out",
    "A rebuild drops the old table after its rows are copied. A WHERE, a JOIN, or INSERT OR IGNORE leaves rows out "
    "without an error: OR IGNORE skips each row that breaks a UNIQUE, NOT NULL or CHECK constraint.",
    "Copy every row: without WHERE, with LEFT JOIN, and with INSERT INTO instead of INSERT OR IGNORE INTO. Repair the "
    "rows that break the new constraint in an UPDATE before the copy.",
)
MOVED: Final = Rule(
    "D107",
    "a copy changes values",
    "INSERT INTO ... SELECT * matches columns by their place, not by their name. A column that was added later is the "
    "last one of the old table, so its values end in another column of the new one. Other copies replace values with "
    "NULL or with a constant.",
    "Name the columns on both sides, in the same order: INSERT INTO users_new (id, name) SELECT id, name FROM users;",
)
TRIGGERED: Final = Rule(
    "D108",
    "a trigger deletes or changes rows",
    "The statement fires a trigger of the live database, which does more than the file shows.",
    "DROP the trigger before the statement, and run its CREATE TRIGGER again at the end of the file.",
)
REPLACED: Final = Rule(
    "D109",
    "REPLACE deletes rows",
    "REPLACE first deletes each row that has the same key or unique value. Foreign keys act on that: CASCADE deletes "
    "its children. And columns that the statement does not name get their defaults.",
    "Use an UPSERT, which keeps the row: INSERT INTO users (id, name) VALUES (1, 'Ada') ON CONFLICT (id) DO UPDATE SET "
    "name = excluded.name;",
)
RULES: Final = (CASCADE, DROPPED, COLUMN, DELETED, UPDATED, LEFT_OUT, MOVED, TRIGGERED, REPLACED)
