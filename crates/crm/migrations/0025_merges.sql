-- Leads of one person made one: what the others asked stays with the kept one, and how all was before is kept as long as the trash.

CREATE TABLE inquiries (
    agent_id BYTEA NOT NULL,
    -- the kept lead
    lead_id BYTEA NOT NULL,
    -- that of the lead which the inquiry was
    id BYTEA NOT NULL,
    source TEXT NOT NULL,
    property_address TEXT,
    notes TEXT,
    CONSTRAINT inquiries_pkey PRIMARY KEY (agent_id, lead_id, id)
) /*clustered*/;

CREATE TABLE merges (
    agent_id BYTEA NOT NULL,
    id BYTEA NOT NULL,
    lead_id BYTEA NOT NULL,
    -- JSON: the kept lead before and after, and what was moved from whom
    record TEXT NOT NULL,
    merged_at BIGINT NOT NULL,
    CONSTRAINT merges_pkey PRIMARY KEY (agent_id, id)
) /*clustered*/;
CREATE INDEX merges_lead_idx ON merges (agent_id, lead_id, id);
