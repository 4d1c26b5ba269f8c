-- What SQLite is to expect behind the index of step 27, as step 8 says it of the others.
ANALYZE sqlite_schema;
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES ('first_answers', 'first_answers', '1000000 100000 1');
