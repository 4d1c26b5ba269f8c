
INSERT INTO taken_times (agent_id, is_confirmed, starts_at, showing_id, listing_id, ends_at)
SELECT DISTINCT s.agent_id, 0, t.value::BIGINT, s.id, s.listing_id, t.value::BIGINT + 1800000
FROM showings s CROSS JOIN LATERAL json_array_elements_text(s.requested_times::json) AS t(value) WHERE s.status = 'requested';
