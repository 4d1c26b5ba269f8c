-- What SQLite is to expect behind the indexes of step 21, as step 8 says it of the others.
ANALYZE sqlite_schema;
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES
    ('imports', 'imports', '1000 3 1'),
    ('imports', 'imports_updated_idx', '1000 1'),
    ('import_pieces', 'import_pieces', '10000 300 100 1'),
    ('import_rows', 'import_rows', '1000000 100000 1'),
    ('import_rows', 'import_rows_lead_idx', '1000000 100000 1');
