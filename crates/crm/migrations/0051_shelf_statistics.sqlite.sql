-- What SQLite is to expect behind them, as step 8 says it of the others.
ANALYZE sqlite_schema;
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES
    ('listings', 'listings_shelf_idx', '1000000 100000 50000 1 1 1 1 1 1'),
    ('listings', 'listings_shelf_price_idx', '1000000 100000 50000 20 1 1 1 1 1'),
    ('listings', 'listings_shelf_area_idx', '1000000 100000 50000 2000 1 1 1 1 1 1'),
    ('listings', 'listings_shelf_area_price_idx', '1000000 100000 50000 2000 2 1 1 1 1 1');
