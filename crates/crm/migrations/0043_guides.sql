-- Guides: PDF files that an agent gives to whoever leaves a name and an address.

CREATE TABLE guides (
    agent_id BYTEA NOT NULL,
    id BYTEA NOT NULL,
    title TEXT NOT NULL,
    -- the last part of its address, one of the agent's
    slug TEXT NOT NULL,
    -- draft or published
    status TEXT NOT NULL,
    place BIGINT NOT NULL,
    -- its PDF: what the file is of, its name and size; none while there is none
    document_id BYTEA,
    document_name TEXT,
    document_size BIGINT,
    -- what the files of its cover are of; none where the cover is drawn from the title
    cover_id BYTEA,
    downloads BIGINT NOT NULL,
    leads BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    headline TEXT,
    text TEXT,
    -- what is inside, one a line
    points TEXT NOT NULL,
    CONSTRAINT guides_pkey PRIMARY KEY (agent_id, id)
) /*clustered*/;
CREATE UNIQUE INDEX guides_slug_key ON guides (agent_id, slug);

-- Which guide a lead asked for.
CREATE TABLE guide_leads (
    agent_id BYTEA NOT NULL,
    lead_id BYTEA NOT NULL,
    guide_id BYTEA NOT NULL,
    CONSTRAINT guide_leads_pkey PRIMARY KEY (agent_id, lead_id)
) /*clustered*/;
CREATE INDEX guide_leads_guide_idx ON guide_leads (agent_id, guide_id, lead_id);
