-- Clients and the stages they move through; notes about leads and clients; the sources an agent has seen.

CREATE TABLE stages (
    agent_id BYTEA NOT NULL,
    id BYTEA NOT NULL,
    name TEXT NOT NULL,
    -- buyer, seller or side
    pipeline TEXT NOT NULL,
    -- place within the pipeline
    position BIGINT NOT NULL,
    CONSTRAINT stages_pkey PRIMARY KEY (agent_id, id)
) /*clustered*/;

CREATE TABLE clients (
    agent_id BYTEA NOT NULL,
    id BYTEA NOT NULL,
    name TEXT NOT NULL,
    email TEXT NOT NULL,
    email_key TEXT NOT NULL,
    phone TEXT,
    phone_key TEXT,
    stage_id BYTEA NOT NULL,
    source TEXT,
    source_key TEXT,
    notes TEXT,
    updated_at BIGINT NOT NULL,
    CONSTRAINT clients_pkey PRIMARY KEY (agent_id, id)
) /*clustered*/;
-- One client per address: the portal signs in with it.
CREATE UNIQUE INDEX clients_email_key ON clients (agent_id, email_key);
CREATE INDEX clients_updated_idx ON clients (agent_id, updated_at, id);
CREATE INDEX clients_phone_idx ON clients (agent_id, phone_key, id) WHERE phone_key IS NOT NULL;
CREATE INDEX clients_source_idx ON clients (agent_id, source_key, id) WHERE source_key IS NOT NULL;

-- Notes on a lead or a client. They stay while the record is in the trash and are read through it only.
CREATE TABLE notes (
    agent_id BYTEA NOT NULL,
    about_id BYTEA NOT NULL,
    id BYTEA NOT NULL,
    text TEXT NOT NULL,
    CONSTRAINT notes_pkey PRIMARY KEY (agent_id, about_id, id)
) /*clustered*/;

-- The sources that an agent's leads and clients came from, beside those that everyone has.
CREATE TABLE sources (
    agent_id BYTEA NOT NULL,
    source_key TEXT NOT NULL,
    -- as it was first sent
    name TEXT NOT NULL,
    CONSTRAINT sources_pkey PRIMARY KEY (agent_id, source_key)
) /*clustered*/;
