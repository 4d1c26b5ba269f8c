-- Showings and open houses as they take place; what became of each showing, step by step; when the agent is reminded; links by mail
-- that answer a request; and the feed of the agent's own calendar.
CREATE INDEX showings_time_idx ON showings (agent_id, confirmed_time, id);
CREATE INDEX open_houses_time_idx ON open_houses (agent_id, starts_at, id);

CREATE TABLE showing_steps (
    agent_id BYTEA NOT NULL,
    showing_id BYTEA NOT NULL,
    -- holds the instant
    id BYTEA NOT NULL,
    -- what it became
    status TEXT NOT NULL,
    confirmed_time BIGINT,
    -- to the client
    words TEXT,
    CONSTRAINT showing_steps_pkey PRIMARY KEY (agent_id, showing_id, id)
) /*clustered*/;

-- Confirmed showings that the agent was not reminded of.
CREATE TABLE showing_reminders (
    agent_id BYTEA NOT NULL,
    showing_id BYTEA NOT NULL,
    starts_at BIGINT NOT NULL,
    -- none where the agent wants no reminder, or it would come too late
    due_at BIGINT,
    CONSTRAINT showing_reminders_pkey PRIMARY KEY (agent_id, showing_id)
) /*clustered*/;
CREATE INDEX showing_reminders_due_idx ON showing_reminders (due_at) WHERE due_at IS NOT NULL;
INSERT INTO showing_reminders (agent_id, showing_id, starts_at, due_at)
    SELECT agent_id, id, confirmed_time, confirmed_time - 7200000 FROM showings
    WHERE status = 'confirmed' AND confirmed_time IS NOT NULL;

-- Each answers one request in one way. Tokens are stored hashed.
CREATE TABLE showing_links (
    agent_id BYTEA NOT NULL,
    id BYTEA NOT NULL,
    showing_id BYTEA NOT NULL,
    -- the time that it confirms; none where it declines
    confirmed_time BIGINT,
    token_hash BYTEA NOT NULL,
    expires_at BIGINT NOT NULL,
    CONSTRAINT showing_links_pkey PRIMARY KEY (agent_id, id)
) /*clustered*/;
CREATE UNIQUE INDEX showing_links_token_key ON showing_links (token_hash);
CREATE INDEX showing_links_showing_idx ON showing_links (agent_id, showing_id);
CREATE INDEX showing_links_expires_idx ON showing_links (expires_at);

-- At most one of an agent. The token is stored hashed.
CREATE TABLE calendar_feeds (
    agent_id BYTEA NOT NULL,
    token_hash BYTEA NOT NULL,
    created_at BIGINT NOT NULL,
    CONSTRAINT calendar_feeds_pkey PRIMARY KEY (agent_id)
) /*clustered*/;
CREATE UNIQUE INDEX calendar_feeds_token_key ON calendar_feeds (token_hash);

ALTER TABLE mail_settings ADD COLUMN tells_showings BIGINT NOT NULL DEFAULT 1;
-- how long before a showing the agent is reminded; 0 for never
ALTER TABLE mail_settings ADD COLUMN reminder_minutes BIGINT NOT NULL DEFAULT 120;
