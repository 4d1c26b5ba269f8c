-- What SQLite is to expect behind the indexes of step 10, as step 8 says it of the others.
ANALYZE sqlite_schema;
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES
    ('webhooks', 'webhooks_deleted_idx', '10 1'),
    ('deliveries', 'deliveries_fresh_idx', '10000 1000 500 1'),
    ('deliveries', 'deliveries_retry_idx', '10000 1000 500 1 1'),
    ('deliveries', 'deliveries_manual_idx', '10000 1000 500 1 1'),
    ('webhooks', 'webhooks_lease_idx', '1000 1000'),
    ('deliveries', 'deliveries_held_idx', '10000 1000 500 1'),
    ('deliveries', 'deliveries_prune_idx', '1000000 1');
