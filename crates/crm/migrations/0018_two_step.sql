-- Signing in with a second step: the shared secret of an account, the codes for whoever lost their phone, and who has given the
-- password and not the code yet.

CREATE TABLE two_steps (
    agent_id BYTEA NOT NULL,
    account_id BYTEA NOT NULL,
    -- sealed
    secret BYTEA NOT NULL,
    -- NULL until a first right code has shown that the account's owner holds the secret
    enabled_at BIGINT,
    -- the newest step whose code was used: it and those before it are taken no more
    last_step BIGINT NOT NULL,
    -- wrong codes since then
    wrong BIGINT NOT NULL,
    wrong_since BIGINT NOT NULL,
    CONSTRAINT two_steps_pkey PRIMARY KEY (agent_id, account_id)
) /*clustered*/;

CREATE TABLE recovery_codes (
    agent_id BYTEA NOT NULL,
    account_id BYTEA NOT NULL,
    code_hash BYTEA NOT NULL,
    CONSTRAINT recovery_codes_pkey PRIMARY KEY (agent_id, account_id, code_hash)
) /*clustered*/;

CREATE TABLE pending_sign_ins (
    agent_id BYTEA NOT NULL,
    id BYTEA NOT NULL,
    account_id BYTEA NOT NULL,
    token_hash BYTEA NOT NULL,
    expires_at BIGINT NOT NULL,
    CONSTRAINT pending_sign_ins_pkey PRIMARY KEY (agent_id, id)
) /*clustered*/;
CREATE UNIQUE INDEX pending_sign_ins_token_key ON pending_sign_ins (token_hash);
CREATE INDEX pending_sign_ins_expires_idx ON pending_sign_ins (expires_at);
