-- What SQLite is to expect behind the indexes of step 23, as step 8 says it of the others.
ANALYZE sqlite_schema;
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES
    ('follow_ups', 'follow_ups', '100000 1000 1'),
    ('follow_ups', 'follow_ups_due_idx', '100000 1000 2 1'),
    ('tags', 'tags', '1000000 100000 50000 1000 1'),
    ('tags', 'tags_about_idx', '1000000 100000 3 1'),
    ('tag_totals', 'tag_totals', '10000 20 10 1'),
    ('next_steps', 'next_steps', '100000 1000 1'),
    ('saved_views', 'saved_views', '10000 5 1');
