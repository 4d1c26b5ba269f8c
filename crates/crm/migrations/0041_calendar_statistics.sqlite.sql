-- What SQLite is to expect behind the indexes of step 40, as step 8 says it of the others.
ANALYZE sqlite_schema;
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES
    ('showings', 'showings_time_idx', '1000000 100000 1 1'),
    ('open_houses', 'open_houses_time_idx', '20000 200 1 1'),
    ('showing_steps', 'showing_steps', '2000000 200000 2 1'),
    ('showing_reminders', 'showing_reminders', '10000 100 1'),
    ('showing_reminders', 'showing_reminders_due_idx', '10000 1'),
    ('showing_links', 'showing_links', '10000 100 1'),
    ('showing_links', 'showing_links_token_key', '10000 1'),
    ('showing_links', 'showing_links_showing_idx', '10000 100 4'),
    ('showing_links', 'showing_links_expires_idx', '10000 1'),
    ('calendar_feeds', 'calendar_feeds', '1000 1'),
    ('calendar_feeds', 'calendar_feeds_token_key', '1000 1');
