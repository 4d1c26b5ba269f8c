-- What stands beside a lead's or a client's record: when to think of the person again, tags, and what comes next. Rows of their own, so
-- that what the API knows of a record is written as before. While the record is in the trash they are in there with it.

CREATE TABLE follow_ups (
    agent_id BYTEA NOT NULL,
    about_id BYTEA NOT NULL,
    -- lead or client
    kind TEXT NOT NULL,
    follow_up_at BIGINT NOT NULL,
    CONSTRAINT follow_ups_pkey PRIMARY KEY (agent_id, about_id)
) /*clustered*/;
CREATE INDEX follow_ups_due_idx ON follow_ups (agent_id, follow_up_at, about_id);

CREATE TABLE tags (
    agent_id BYTEA NOT NULL,
    kind TEXT NOT NULL,
    -- folded
    tag_key TEXT NOT NULL,
    about_id BYTEA NOT NULL,
    CONSTRAINT tags_pkey PRIMARY KEY (agent_id, kind, tag_key, about_id)
) /*clustered*/;
CREATE INDEX tags_about_idx ON tags (agent_id, about_id, tag_key);

-- How each tag is written, and how many have it.
CREATE TABLE tag_totals (
    agent_id BYTEA NOT NULL,
    kind TEXT NOT NULL,
    tag_key TEXT NOT NULL,
    name TEXT NOT NULL,
    total BIGINT NOT NULL,
    CONSTRAINT tag_totals_pkey PRIMARY KEY (agent_id, kind, tag_key)
) /*clustered*/;

-- What comes next for a client, in words for the client.
CREATE TABLE next_steps (
    agent_id BYTEA NOT NULL,
    client_id BYTEA NOT NULL,
    text TEXT NOT NULL,
    CONSTRAINT next_steps_pkey PRIMARY KEY (agent_id, client_id)
) /*clustered*/;

-- Lists of leads that the agent looks at again and again, as addresses.
CREATE TABLE saved_views (
    agent_id BYTEA NOT NULL,
    id BYTEA NOT NULL,
    name TEXT NOT NULL,
    query TEXT NOT NULL,
    CONSTRAINT saved_views_pkey PRIMARY KEY (agent_id, id)
) /*clustered*/;
