
INSERT INTO taken_times (agent_id, is_confirmed, starts_at, showing_id, listing_id, ends_at)
SELECT DISTINCT s.agent_id, 0, t.value, s.id, s.listing_id, t.value + 1800000
FROM showings s, json_each(s.requested_times) t WHERE s.status = 'requested';

-- What SQLite is to expect behind the indexes, as step 8 says it of the others.
ANALYZE sqlite_schema;
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES
    ('taken_times', 'taken_times', '200000 2000 1000 2 1'),
    ('taken_times', 'taken_times_showing_idx', '200000 2000 2 1 1');
