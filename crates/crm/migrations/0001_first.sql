-- Agents (the tenants), who signs in for them, their keys; leads; events and the outbox of webhooks.
-- Every tenant table's primary key starts with the agent. Times are milliseconds since the Unix epoch.

CREATE TABLE agents (
    id BYTEA NOT NULL,
    slug TEXT NOT NULL,
    name TEXT NOT NULL,
    email TEXT NOT NULL,
    time_zone TEXT NOT NULL,
    CONSTRAINT agents_pkey PRIMARY KEY (id)
) /*clustered*/;
CREATE UNIQUE INDEX agents_slug_key ON agents (slug);

-- An agent's turn: locked first by every write for the agent. Ids and event numbers come from it.
CREATE TABLE turns (
    agent_id BYTEA NOT NULL,
    last_id BYTEA NOT NULL,
    last_sequence BIGINT NOT NULL,
    CONSTRAINT turns_pkey PRIMARY KEY (agent_id)
) /*clustered*/;

CREATE TABLE accounts (
    agent_id BYTEA NOT NULL,
    id BYTEA NOT NULL,
    name TEXT NOT NULL,
    email TEXT NOT NULL,
    email_key TEXT NOT NULL,
    password_hash TEXT,
    CONSTRAINT accounts_pkey PRIMARY KEY (agent_id, id)
) /*clustered*/;
CREATE UNIQUE INDEX accounts_email_key ON accounts (email_key);

CREATE TABLE api_keys (
    agent_id BYTEA NOT NULL,
    id BYTEA NOT NULL,
    name TEXT NOT NULL,
    hash BYTEA NOT NULL,
    hint TEXT NOT NULL,
    can_read BIGINT NOT NULL,
    can_write BIGINT NOT NULL,
    expires_at BIGINT,
    revoked_at BIGINT,
    last_used_at BIGINT,
    CONSTRAINT api_keys_pkey PRIMARY KEY (agent_id, id)
) /*clustered*/;
CREATE UNIQUE INDEX api_keys_hash_key ON api_keys (hash);

-- How many records there are per status, kept by the transaction that changes them.
CREATE TABLE totals (
    agent_id BYTEA NOT NULL,
    kind TEXT NOT NULL,
    status TEXT NOT NULL,
    total BIGINT NOT NULL,
    CONSTRAINT totals_pkey PRIMARY KEY (agent_id, kind, status)
) /*clustered*/;

CREATE TABLE idempotency_keys (
    agent_id BYTEA NOT NULL,
    scope TEXT NOT NULL,
    idempotency_key TEXT NOT NULL,
    fingerprint BYTEA NOT NULL,
    answer TEXT NOT NULL,
    expires_at BIGINT NOT NULL,
    CONSTRAINT idempotency_keys_pkey PRIMARY KEY (agent_id, scope, idempotency_key)
) /*clustered*/;
CREATE INDEX idempotency_keys_expires_at_idx ON idempotency_keys (expires_at);

CREATE TABLE leads (
    agent_id BYTEA NOT NULL,
    id BYTEA NOT NULL,
    name TEXT NOT NULL,
    email TEXT,
    email_key TEXT,
    phone TEXT,
    phone_key TEXT,
    -- digits and folded name: the same person without an e-mail address
    person_key TEXT,
    source TEXT NOT NULL,
    source_key TEXT NOT NULL,
    property_address TEXT,
    notes TEXT,
    status TEXT NOT NULL,
    -- ids of the newest earlier leads by the same person, 16 bytes each, newest first
    same_person_as BYTEA NOT NULL,
    updated_at BIGINT NOT NULL,
    CONSTRAINT leads_pkey PRIMARY KEY (agent_id, id)
) /*clustered*/;
CREATE INDEX leads_status_idx ON leads (agent_id, status, id);
CREATE INDEX leads_source_idx ON leads (agent_id, source_key, id);
CREATE INDEX leads_updated_idx ON leads (agent_id, updated_at, id);
CREATE INDEX leads_email_idx ON leads (agent_id, email_key, id) WHERE email_key IS NOT NULL;
CREATE INDEX leads_phone_idx ON leads (agent_id, phone_key, id) WHERE phone_key IS NOT NULL;
CREATE INDEX leads_person_idx ON leads (agent_id, person_key, id) WHERE person_key IS NOT NULL;

-- What happened, in the agent's order. `data` is the exact text that webhooks sign; NULL once the person is erased.
CREATE TABLE events (
    agent_id BYTEA NOT NULL,
    id BYTEA NOT NULL,
    sequence BIGINT NOT NULL,
    event TEXT NOT NULL,
    entity_id BYTEA NOT NULL,
    data TEXT,
    CONSTRAINT events_pkey PRIMARY KEY (agent_id, id)
) /*clustered*/;
CREATE INDEX events_entity_idx ON events (agent_id, entity_id);
CREATE INDEX events_event_idx ON events (agent_id, event, id);

CREATE TABLE webhooks (
    agent_id BYTEA NOT NULL,
    id BYTEA NOT NULL,
    url TEXT NOT NULL,
    -- names of events between blanks, with one at each end; empty: all
    events TEXT NOT NULL,
    description TEXT,
    is_enabled BIGINT NOT NULL,
    secret BYTEA NOT NULL,
    headers BYTEA,
    updated_at BIGINT NOT NULL,
    CONSTRAINT webhooks_pkey PRIMARY KEY (agent_id, id)
) /*clustered*/;

-- One event on its way to one webhook: the outbox. state: 0 fresh, 1 retry, 2 delivered, 3 dead, 4 held.
CREATE TABLE deliveries (
    agent_id BYTEA NOT NULL,
    webhook_id BYTEA NOT NULL,
    event_id BYTEA NOT NULL,
    id BYTEA NOT NULL,
    state BIGINT NOT NULL,
    due_at BIGINT NOT NULL,
    CONSTRAINT deliveries_pkey PRIMARY KEY (agent_id, webhook_id, event_id)
) /*clustered*/;

-- Records whose search rows are to be made anew.
CREATE TABLE search_queue (
    agent_id BYTEA NOT NULL,
    id BYTEA NOT NULL,
    kind TEXT NOT NULL,
    CONSTRAINT search_queue_pkey PRIMARY KEY (agent_id, id)
) /*clustered*/;

-- Deleted records that can still be brought back, as they were.
CREATE TABLE trash (
    agent_id BYTEA NOT NULL,
    id BYTEA NOT NULL,
    kind TEXT NOT NULL,
    record TEXT NOT NULL,
    deleted_at BIGINT NOT NULL,
    CONSTRAINT trash_pkey PRIMARY KEY (agent_id, id)
) /*clustered*/;
CREATE INDEX trash_deleted_at_idx ON trash (deleted_at);
