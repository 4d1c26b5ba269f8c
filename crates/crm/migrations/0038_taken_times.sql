-- The times that showings take up: the one agreed on, and those asked for while none is.
CREATE TABLE taken_times (
    agent_id BYTEA NOT NULL,
    is_confirmed BIGINT NOT NULL,
    starts_at BIGINT NOT NULL,
    showing_id BYTEA NOT NULL,
    listing_id BYTEA NOT NULL,
    ends_at BIGINT NOT NULL,
    CONSTRAINT taken_times_pkey PRIMARY KEY (agent_id, is_confirmed, starts_at, showing_id)
) /*clustered*/;
CREATE INDEX taken_times_showing_idx ON taken_times (agent_id, showing_id);

-- A showing takes half an hour where nothing says otherwise.
INSERT INTO taken_times (agent_id, is_confirmed, starts_at, showing_id, listing_id, ends_at)
SELECT agent_id, 1, confirmed_time, id, listing_id, confirmed_time + 1800000
FROM showings WHERE status = 'confirmed' AND confirmed_time IS NOT NULL;
