-- What SQLite is to expect behind the index of step 34, as step 8 says it of the others.
ANALYZE sqlite_schema;
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES ('clients', 'clients_stage_created_idx', '1000000 100000 5000 1');
