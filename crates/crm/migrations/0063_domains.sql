-- Agents' own domains, and the certificates of all names that the server is reached by.
CREATE TABLE domains (
    agent_id BYTEA NOT NULL,
    -- in lower case, as it goes over the wire
    name TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    -- what is asked for at the name, and what this server answers there
    question TEXT NOT NULL,
    answer TEXT NOT NULL,
    -- when it is next looked whether the name leads here; none: not by itself
    check_at BIGINT,
    checks BIGINT NOT NULL DEFAULT 0,
    checked_at BIGINT,
    -- why it did not lead here, in words
    failure TEXT,
    verified_at BIGINT,
    CONSTRAINT domains_pkey PRIMARY KEY (agent_id, name)
) /*clustered*/;
CREATE INDEX domains_name_idx ON domains (name);
CREATE INDEX domains_check_idx ON domains (check_at) WHERE check_at IS NOT NULL;

-- Names that lead here: each is one agent's.
CREATE TABLE hosts (
    name TEXT NOT NULL,
    agent_id BYTEA NOT NULL,
    verified_at BIGINT NOT NULL,
    CONSTRAINT hosts_pkey PRIMARY KEY (name)
) /*clustered*/;
CREATE INDEX hosts_agent_idx ON hosts (agent_id, verified_at);

CREATE TABLE certificates (
    name TEXT NOT NULL,
    -- PEM; none until the first is issued
    chain TEXT,
    -- sealed PEM
    private_key BYTEA,
    issued_at BIGINT,
    expires_at BIGINT,
    -- when the next is asked for
    renew_at BIGINT NOT NULL,
    attempts BIGINT NOT NULL DEFAULT 0,
    failure TEXT,
    CONSTRAINT certificates_pkey PRIMARY KEY (name)
) /*clustered*/;
CREATE INDEX certificates_renew_idx ON certificates (renew_at);
CREATE INDEX certificates_issued_idx ON certificates (issued_at) WHERE issued_at IS NOT NULL;

-- The account at each certificate authority; sealed.
CREATE TABLE acme_accounts (
    directory TEXT NOT NULL,
    credentials BYTEA NOT NULL,
    CONSTRAINT acme_accounts_pkey PRIMARY KEY (directory)
) /*clustered*/;

-- What the authority is shown at a name while it looks whether it leads here (RFC 8737).
CREATE TABLE acme_challenges (
    name TEXT NOT NULL,
    digest BYTEA NOT NULL,
    expires_at BIGINT NOT NULL,
    CONSTRAINT acme_challenges_pkey PRIMARY KEY (name)
) /*clustered*/;
CREATE INDEX acme_challenges_expires_idx ON acme_challenges (expires_at);
