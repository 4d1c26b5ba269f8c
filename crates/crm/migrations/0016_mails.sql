-- Outgoing mail: queued in the transaction that is its reason, sent by a worker, shown in the outbox.
CREATE TABLE mails (
    -- nothing but zeros for whoever is no agent yet
    agent_id BYTEA NOT NULL,
    id BYTEA NOT NULL,
    kind TEXT NOT NULL,
    language TEXT NOT NULL,
    recipient TEXT NOT NULL,
    -- what it tells, JSON, sealed: it may hold a link that lets in
    letter BYTEA NOT NULL,
    -- 0 queued, 1 sent, 2 failed, 3 kept
    state BIGINT NOT NULL,
    -- attempts that were begun
    attempts BIGINT NOT NULL,
    -- while it is claimed: when it falls due again should the claimant never say how it went
    due_at BIGINT NOT NULL,
    -- drawn anew at each claim
    claim BYTEA,
    last_error TEXT,
    -- when it was sent, given up or kept
    finished_at BIGINT,
    CONSTRAINT mails_pkey PRIMARY KEY (agent_id, id)
) /*clustered*/;
CREATE INDEX mails_due_idx ON mails (due_at) WHERE state = 0;
CREATE INDEX mails_finished_idx ON mails (finished_at) WHERE finished_at IS NOT NULL;

-- Which records a mail tells of: erased with them.
CREATE TABLE mail_records (
    agent_id BYTEA NOT NULL,
    record_id BYTEA NOT NULL,
    mail_id BYTEA NOT NULL,
    CONSTRAINT mail_records_pkey PRIMARY KEY (agent_id, record_id, mail_id)
) /*clustered*/;
CREATE INDEX mail_records_mail_idx ON mail_records (agent_id, mail_id);

-- What an agent is told by mail, and in which language; where there is no row, what is usual.
CREATE TABLE mail_settings (
    agent_id BYTEA NOT NULL,
    language TEXT NOT NULL,
    tells_leads BIGINT NOT NULL,
    CONSTRAINT mail_settings_pkey PRIMARY KEY (agent_id)
) /*clustered*/;

-- How far the mails about new leads follow an agent's events.
CREATE TABLE lead_mails (
    agent_id BYTEA NOT NULL,
    -- the agent's last event that was looked at
    sequence BIGINT NOT NULL,
    -- and the last id that the agent had drawn then
    position BYTEA NOT NULL,
    -- when the last mail was queued
    told_at BIGINT NOT NULL,
    CONSTRAINT lead_mails_pkey PRIMARY KEY (agent_id)
) /*clustered*/;
-- What happened before is no news.
INSERT INTO lead_mails (agent_id, sequence, position, told_at) SELECT agent_id, last_sequence, last_id, 0 FROM turns;

-- 1 for what the agent did by hand or imported: no mail tells of it.
ALTER TABLE events ADD COLUMN is_quiet BIGINT;

-- A link to a new address to sign in with.
CREATE TABLE address_changes (
    agent_id BYTEA NOT NULL,
    id BYTEA NOT NULL,
    account_id BYTEA NOT NULL,
    email TEXT NOT NULL,
    token_hash BYTEA NOT NULL,
    expires_at BIGINT NOT NULL,
    CONSTRAINT address_changes_pkey PRIMARY KEY (agent_id, id)
) /*clustered*/;
CREATE UNIQUE INDEX address_changes_token_key ON address_changes (token_hash);
CREATE INDEX address_changes_expires_idx ON address_changes (expires_at);

-- Who asked to be an agent here and has not followed the link yet.
CREATE TABLE sign_ups (
    token_hash BYTEA NOT NULL,
    name TEXT NOT NULL,
    email TEXT NOT NULL,
    email_key TEXT NOT NULL,
    password_hash TEXT NOT NULL,
    time_zone TEXT NOT NULL,
    expires_at BIGINT NOT NULL,
    CONSTRAINT sign_ups_pkey PRIMARY KEY (token_hash)
) /*clustered*/;
CREATE INDEX sign_ups_email_idx ON sign_ups (email_key);
CREATE INDEX sign_ups_expires_idx ON sign_ups (expires_at);

CREATE INDEX webhooks_failing_idx ON webhooks (failing_since) WHERE failing_since IS NOT NULL;
