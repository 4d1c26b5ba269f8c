-- What SQLite is to expect behind the indexes of step 30, as step 8 says it of the others.
ANALYZE sqlite_schema;
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES
    ('devices', 'devices', '1000 3 1'),
    ('devices', 'devices_endpoint_key', '1000 3 1'),
    ('devices', 'devices_token_idx', '1000 1'),
    ('pushes', 'pushes', '10000 30 1'),
    ('pushes', 'pushes_due_idx', '10000 1'),
    ('pushes', 'pushes_device_idx', '10000 30 10 1');
