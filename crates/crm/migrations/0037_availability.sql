-- When an agent shows homes: weekly hours and what else holds, times that are blocked, and what holds of a listing alone.

-- Without a row, everything is as it is by default, and any time to come can be asked for.
CREATE TABLE availabilities (
    agent_id BYTEA NOT NULL,
    -- JSON: from Monday on, the hours of each day as minutes of it
    hours TEXT NOT NULL,
    showing_minutes BIGINT NOT NULL,
    notice_minutes BIGINT NOT NULL,
    travel_minutes BIGINT NOT NULL,
    days_ahead BIGINT NOT NULL,
    CONSTRAINT availabilities_pkey PRIMARY KEY (agent_id)
) /*clustered*/;

CREATE TABLE blocked_times (
    agent_id BYTEA NOT NULL,
    id BYTEA NOT NULL,
    starts_at BIGINT NOT NULL,
    ends_at BIGINT NOT NULL,
    note TEXT,
    CONSTRAINT blocked_times_pkey PRIMARY KEY (agent_id, id)
) /*clustered*/;
CREATE INDEX blocked_times_end_idx ON blocked_times (agent_id, ends_at, id);

CREATE TABLE showing_rules (
    agent_id BYTEA NOT NULL,
    listing_id BYTEA NOT NULL,
    -- RESO ShowingStatus
    status TEXT NOT NULL,
    -- RESO ShowingRequirements, one a line
    requirements TEXT NOT NULL,
    contact_name TEXT,
    contact_phone TEXT,
    contact_type TEXT,
    lock_box_type TEXT,
    notice_minutes BIGINT NOT NULL,
    -- as those of an agent; none where the agent's hold
    hours TEXT,
    CONSTRAINT showing_rules_pkey PRIMARY KEY (agent_id, listing_id)
) /*clustered*/;
