-- What SQLite is to expect behind the index of step 14, as step 8 says it of the others.
ANALYZE sqlite_schema;
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES ('clients', 'clients_stage_idx', '100000 10000 500 1 1');
