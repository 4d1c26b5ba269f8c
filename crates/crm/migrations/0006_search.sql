-- The words that records are found by.
CREATE TABLE search_terms (
    agent_id BYTEA NOT NULL,
    kind TEXT NOT NULL,
    term TEXT NOT NULL,
    id BYTEA NOT NULL,
    CONSTRAINT search_terms_pkey PRIMARY KEY (agent_id, kind, term, id)
) /*clustered*/;

-- What search_terms holds of each record.
CREATE TABLE search_records (
    agent_id BYTEA NOT NULL,
    id BYTEA NOT NULL,
    kind TEXT NOT NULL,
    -- which rules made the terms
    version BIGINT NOT NULL,
    -- between blanks, with one at each end
    terms TEXT NOT NULL,
    CONSTRAINT search_records_pkey PRIMARY KEY (agent_id, id)
) /*clustered*/;
CREATE INDEX search_records_version_idx ON search_records (version);
