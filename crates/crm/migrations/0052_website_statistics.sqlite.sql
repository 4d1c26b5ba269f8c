-- What SQLite is to expect of them, as step 8 says it of the others.
ANALYZE sqlite_schema;
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES
    ('websites', 'websites', '10000 1'),
    ('posts', 'posts', '50000 50 1'),
    ('posts', 'posts_slug_key', '50000 50 1'),
    ('posts', 'posts_published_idx', '50000 50 40 1 1');
