-- Due work: what is to be done once, and what comes round again.
CREATE TABLE jobs (
    id BYTEA NOT NULL,
    kind TEXT NOT NULL,
    -- whose work it is; NULL for everyone's
    agent_id BYTEA,
    -- JSON, with the version of its form
    payload TEXT NOT NULL,
    -- milliseconds from one run to the next; NULL for what is done once
    every BIGINT,
    -- while the job is claimed: when it falls due again should the claimant never say how it went
    due_at BIGINT NOT NULL,
    -- drawn anew at each claim
    claim BYTEA,
    -- runs that failed since one succeeded
    attempts BIGINT NOT NULL,
    last_error TEXT,
    -- when it was given up
    failed_at BIGINT,
    CONSTRAINT jobs_pkey PRIMARY KEY (id)
) /*clustered*/;
CREATE INDEX jobs_due_idx ON jobs (due_at, id) WHERE failed_at IS NULL;
CREATE INDEX jobs_failed_idx ON jobs (failed_at, id) WHERE failed_at IS NOT NULL;
CREATE UNIQUE INDEX jobs_recurring_key ON jobs (kind) WHERE every IS NOT NULL;
