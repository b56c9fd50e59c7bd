-- Running upgrade 1975ea83b712 -> ae1027a6acf1

CREATE UNIQUE INDEX users_email_unique ON users (email);

UPDATE alembic_version SET version_num='ae1027a6acf1' WHERE alembic_version.version_num = '1975ea83b712';

