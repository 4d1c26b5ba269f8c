-- Mail that comes in: the address of each agent, and the ledger of what arrived there.

CREATE TABLE inbound_addresses (
    agent_id BYTEA NOT NULL,
    -- what stands before the @; whoever knows it can send mail in, and nothing else
    token TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    CONSTRAINT inbound_addresses_pkey PRIMARY KEY (agent_id)
) /*clustered*/;
CREATE UNIQUE INDEX inbound_addresses_token_key ON inbound_addresses (token);

CREATE TABLE inbound_messages (
    agent_id BYTEA NOT NULL,
    id BYTEA NOT NULL,
    -- SHA-256 of its Message-ID and its body: the same mail again is not kept again
    message_key BYTEA NOT NULL,
    -- smtp, lmtp, imap, http, upload or command
    way TEXT NOT NULL,
    sender TEXT NOT NULL,
    subject TEXT NOT NULL,
    size BIGINT NOT NULL,
    -- where the inbox shows it: review, lead, ignored or confirmation
    tray TEXT NOT NULL,
    -- lead, review, ignored or duplicate
    outcome TEXT NOT NULL,
    reason TEXT NOT NULL,
    -- whom it is about, where that is a record
    lead_id BYTEA,
    client_id BYTEA,
    -- JSON: what was read out of it, and how surely
    reading TEXT NOT NULL,
    -- of the rules by which it was read
    rules BIGINT NOT NULL,
    -- JSON: what SPF, DKIM and DMARC say of its sender; none where nobody looked
    trust TEXT,
    -- the portal and its number of the inquiry
    provider_key TEXT,
    -- of the person that it is from, to be erased with
    email_key TEXT,
    -- JSON: what it was before the agent decided; none where the agent did not
    prior TEXT,
    -- when it is thrown away; none while a person or a decision holds it
    ends_at BIGINT,
    CONSTRAINT inbound_messages_pkey PRIMARY KEY (agent_id, id)
) /*clustered*/;
CREATE UNIQUE INDEX inbound_messages_message_key ON inbound_messages (agent_id, message_key);
CREATE INDEX inbound_messages_tray_idx ON inbound_messages (agent_id, tray, id);
CREATE INDEX inbound_messages_provider_idx ON inbound_messages (agent_id, provider_key, id) WHERE provider_key IS NOT NULL;
CREATE INDEX inbound_messages_lead_idx ON inbound_messages (agent_id, lead_id, id) WHERE lead_id IS NOT NULL;
CREATE INDEX inbound_messages_client_idx ON inbound_messages (agent_id, client_id, id) WHERE client_id IS NOT NULL;
CREATE INDEX inbound_messages_email_idx ON inbound_messages (agent_id, email_key, id) WHERE email_key IS NOT NULL;
CREATE INDEX inbound_messages_ends_idx ON inbound_messages (ends_at) WHERE ends_at IS NOT NULL;
