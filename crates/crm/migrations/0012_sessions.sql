-- Who is signed in, and links that let in once. Tokens are stored hashed.

CREATE TABLE sessions (
    agent_id BYTEA NOT NULL,
    id BYTEA NOT NULL,
    account_id BYTEA NOT NULL,
    token_hash BYTEA NOT NULL,
    -- What the browser says it is, and where it was seen last.
    user_agent TEXT,
    address TEXT,
    used_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    CONSTRAINT sessions_pkey PRIMARY KEY (agent_id, id)
) /*clustered*/;
CREATE UNIQUE INDEX sessions_token_key ON sessions (token_hash);
CREATE INDEX sessions_expires_idx ON sessions (expires_at);

CREATE TABLE reset_links (
    agent_id BYTEA NOT NULL,
    id BYTEA NOT NULL,
    account_id BYTEA NOT NULL,
    token_hash BYTEA NOT NULL,
    expires_at BIGINT NOT NULL,
    CONSTRAINT reset_links_pkey PRIMARY KEY (agent_id, id)
) /*clustered*/;
CREATE UNIQUE INDEX reset_links_token_key ON reset_links (token_hash);
CREATE INDEX reset_links_expires_idx ON reset_links (expires_at);
