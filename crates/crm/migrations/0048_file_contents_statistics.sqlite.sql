
-- What SQLite is to expect of them, as step 8 says it of the others.
ANALYZE sqlite_schema;
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES
    ('files', 'files_content_idx', '1000000 10000 1'),
    ('files', 'files_hash_idx', '1000000 10000 1');
