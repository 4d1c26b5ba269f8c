-- What SQLite is to expect behind the indexes of step 32, as step 8 says it of the others.
ANALYZE sqlite_schema;
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES
    ('files', 'files', '1000000 10000 1'),
    ('files', 'files_about_idx', '1000000 10000 4 1'),
    ('files', 'files_until_idx', '1000 1'),
    ('file_pieces', 'file_pieces', '2000000 20000 2 1'),
    ('attachments', 'attachments', '250000 2500 1'),
    ('attachments', 'attachments_listing_idx', '250000 2500 25 20 1 1'),
    ('listing_prices', 'listing_prices', '20000 200 2 1'),
    ('open_houses', 'open_houses', '20000 200 1'),
    ('open_houses', 'open_houses_listing_idx', '20000 200 2 1 1');
