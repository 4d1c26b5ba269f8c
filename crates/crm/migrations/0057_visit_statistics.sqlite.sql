-- What SQLite is to expect behind the indexes of step 56, as step 8 says it of the others.
ANALYZE sqlite_schema;
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES
    ('visits', 'visits', '1000000 1000 20 3 1'),
    ('visits', 'visits_day_idx', '1000000 5000');
