
-- What SQLite is to expect of them, as step 8 says it of the others.
ANALYZE sqlite_schema;
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES
    ('two_steps', 'two_steps', '10000 2 1'),
    ('recovery_codes', 'recovery_codes', '100000 20 10 1'),
    ('pending_sign_ins', 'pending_sign_ins', '1000 2 1'),
    ('pending_sign_ins', 'pending_sign_ins_token_key', '1000 1'),
    ('pending_sign_ins', 'pending_sign_ins_expires_idx', '1000 1');
