
-- What SQLite is to expect behind the indexes of step 37, as step 8 says it of the others.
ANALYZE sqlite_schema;
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES
    ('availabilities', 'availabilities', '100 1'),
    ('blocked_times', 'blocked_times', '10000 100 1'),
    ('blocked_times', 'blocked_times_end_idx', '10000 100 1 1'),
    ('showing_rules', 'showing_rules', '20000 200 1');
