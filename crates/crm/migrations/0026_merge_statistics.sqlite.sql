-- What SQLite is to expect behind the indexes of step 25, as step 8 says it of the others.
ANALYZE sqlite_schema;
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES
    ('inquiries', 'inquiries', '100000 1000 2 1'),
    ('merges', 'merges', '10000 100 1'),
    ('merges', 'merges_lead_idx', '10000 100 2 1');
