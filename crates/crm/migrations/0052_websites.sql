-- An agent's website: how it looks and what it says, and what is being changed of that until it is published.
CREATE TABLE websites (
    agent_id BYTEA NOT NULL,
    -- JSON: theme, languages, sections, texts
    look TEXT NOT NULL,
    -- the same, as it will be; none while nothing is being changed
    draft TEXT,
    updated_at BIGINT NOT NULL,
    CONSTRAINT websites_pkey PRIMARY KEY (agent_id)
) /*clustered*/;

-- What an agent writes for their website.
CREATE TABLE posts (
    agent_id BYTEA NOT NULL,
    id BYTEA NOT NULL,
    -- the last part of its address, one of the agent's
    slug TEXT NOT NULL,
    title TEXT NOT NULL,
    language TEXT NOT NULL,
    -- Markdown
    text TEXT NOT NULL,
    -- draft or published
    status TEXT NOT NULL,
    -- when it was first published
    published_at BIGINT,
    updated_at BIGINT NOT NULL,
    CONSTRAINT posts_pkey PRIMARY KEY (agent_id, id)
) /*clustered*/;
CREATE UNIQUE INDEX posts_slug_key ON posts (agent_id, slug);
CREATE INDEX posts_published_idx ON posts (agent_id, status, published_at, id);
