-- What SQLite is to expect behind the indexes of step 63, as step 8 says it of the others.
ANALYZE sqlite_schema;
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES
    ('domains', 'domains', '1000 2 1'),
    ('domains', 'domains_name_idx', '1000 1'),
    ('domains', 'domains_check_idx', '100 1'),
    ('hosts', 'hosts', '1000 1'),
    ('hosts', 'hosts_agent_idx', '1000 2 1'),
    ('certificates', 'certificates', '1000 1'),
    ('certificates', 'certificates_renew_idx', '1000 1'),
    ('certificates', 'certificates_issued_idx', '1000 1'),
    ('acme_accounts', 'acme_accounts', '1 1'),
    ('acme_challenges', 'acme_challenges', '10 1'),
    ('acme_challenges', 'acme_challenges_expires_idx', '10 1');
