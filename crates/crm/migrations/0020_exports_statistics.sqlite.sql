
-- What SQLite is to expect of them, as step 8 says it of the others.
ANALYZE sqlite_schema;
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES
    ('exports', 'exports', '1000 2 1'),
    ('exports', 'exports_expires_idx', '1000 1'),
    ('export_files', 'export_files', '20000 40 20 1'),
    ('export_parts', 'export_parts', '100000 200 100 5 1'),
    ('departures', 'departures', '100 1'),
    ('departures', 'departures_due_idx', '100 1'),
    ('jobs', 'jobs_agent_idx', '100 2');
