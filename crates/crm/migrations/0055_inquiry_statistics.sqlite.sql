-- What SQLite is to expect behind the indexes of step 54, as step 8 says it of the others.
ANALYZE sqlite_schema;
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES
    ('website_inquiries', 'website_inquiries', '100000 200 1'),
    ('website_inquiries', 'website_inquiries_standing_idx', '100000 200 50 1'),
    ('acknowledgements', 'acknowledgements', '10000 1'),
    ('acknowledgements', 'acknowledgements_day_idx', '10000 5000'),
    ('website_forms', 'website_forms', '1000 1');
