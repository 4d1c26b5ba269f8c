-- What SQLite is to expect behind the indexes of step 12, as step 8 says it of the others.
ANALYZE sqlite_schema;
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES
    ('sessions', 'sessions', '10000 5 1'),
    ('sessions', 'sessions_token_key', '10000 1'),
    ('sessions', 'sessions_expires_idx', '10000 1'),
    ('reset_links', 'reset_links', '1000 2 1'),
    ('reset_links', 'reset_links_token_key', '1000 1'),
    ('reset_links', 'reset_links_expires_idx', '1000 1');
