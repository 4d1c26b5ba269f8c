-- What SQLite is to expect behind the indexes of step 46, as step 8 says it of the others.
ANALYZE sqlite_schema;
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES
    ('imported_listings', 'imported_listings', '100000 10000 1'),
    ('imported_listings', 'imported_listings_listing_idx', '100000 10000 1');
