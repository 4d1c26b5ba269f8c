-- Browsers that are told of new leads by Web Push, and what waits to be pushed to them.

CREATE TABLE devices (
    agent_id BYTEA NOT NULL,
    id BYTEA NOT NULL,
    account_id BYTEA NOT NULL,
    -- the device's last session: signing out of it takes the device away
    session_id BYTEA NOT NULL,
    -- of the token in the device's own cookie, by which a later session there is known
    token_hash BYTEA NOT NULL,
    endpoint_hash BYTEA NOT NULL,
    -- where its push service takes messages, and the keys that they are encrypted with; JSON, sealed
    subscription BYTEA NOT NULL,
    user_agent TEXT,
    told_at BIGINT,
    failing_since BIGINT,
    last_error TEXT,
    CONSTRAINT devices_pkey PRIMARY KEY (agent_id, id)
) /*clustered*/;
CREATE UNIQUE INDEX devices_endpoint_key ON devices (agent_id, endpoint_hash);
CREATE INDEX devices_token_idx ON devices (token_hash);

CREATE TABLE pushes (
    agent_id BYTEA NOT NULL,
    id BYTEA NOT NULL,
    device_id BYTEA NOT NULL,
    -- what it tells, JSON, sealed
    notice BYTEA NOT NULL,
    -- attempts that were begun
    attempts BIGINT NOT NULL,
    -- while it is claimed: when it falls due again should the claimant never say how it went
    due_at BIGINT NOT NULL,
    -- drawn anew at each claim
    claim BYTEA,
    CONSTRAINT pushes_pkey PRIMARY KEY (agent_id, id)
) /*clustered*/;
CREATE INDEX pushes_due_idx ON pushes (due_at);
CREATE INDEX pushes_device_idx ON pushes (agent_id, device_id, id);
