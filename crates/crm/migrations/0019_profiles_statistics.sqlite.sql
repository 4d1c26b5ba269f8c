
-- What SQLite is to expect of them, as step 8 says it of the others.
ANALYZE sqlite_schema;
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES ('profiles', 'profiles', '10000 1'), ('photos', 'photos', '10000 1');
