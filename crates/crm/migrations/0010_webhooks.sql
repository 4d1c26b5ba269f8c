-- What the sender of webhooks keeps: secrets in rotation, how each receiver does, what each attempt came to. Columns have
-- defaults or may be NULL, so the version before goes on running.

-- Sealed; the secret before the last rotation, which signs beside the new one until then.
ALTER TABLE webhooks ADD COLUMN old_secret BYTEA;
ALTER TABLE webhooks ADD COLUMN old_secret_until BIGINT;
-- Which of two secrets the published signature uses: 0 the new one, 1 the old one.
ALTER TABLE webhooks ADD COLUMN published_secret BIGINT NOT NULL DEFAULT 0;
-- owner, gone (it answered 410) or failing; NULL while enabled.
ALTER TABLE webhooks ADD COLUMN disabled_by TEXT;
ALTER TABLE webhooks ADD COLUMN disabled_at BIGINT;
-- The first failure since the last 2xx, and how many there were in a row.
ALTER TABLE webhooks ADD COLUMN failing_since BIGINT;
ALTER TABLE webhooks ADD COLUMN failures BIGINT NOT NULL DEFAULT 0;
ALTER TABLE webhooks ADD COLUMN last_success_at BIGINT;
ALTER TABLE webhooks ADD COLUMN last_failure_at BIGINT;
ALTER TABLE webhooks ADD COLUMN last_error TEXT;
-- Attempts that ended so, ever.
ALTER TABLE webhooks ADD COLUMN delivered BIGINT NOT NULL DEFAULT 0;
ALTER TABLE webhooks ADD COLUMN failed BIGINT NOT NULL DEFAULT 0;
-- Notices raised in this failing spell: 1 failing for an hour, 2 a day before disabling, 4 disabled.
ALTER TABLE webhooks ADD COLUMN noticed BIGINT NOT NULL DEFAULT 0;
-- Which node sends, by the database's clock. SQLite has one process and leaves them alone.
ALTER TABLE webhooks ADD COLUMN lease_owner BYTEA;
ALTER TABLE webhooks ADD COLUMN lease_epoch BIGINT NOT NULL DEFAULT 0;
ALTER TABLE webhooks ADD COLUMN lease_until BIGINT;
CREATE INDEX webhooks_lease_idx ON webhooks (lease_owner) WHERE lease_owner IS NOT NULL;
-- Deleted for its owner; the row goes when the last of its deliveries is gone.
ALTER TABLE webhooks ADD COLUMN deleted_at BIGINT;
CREATE INDEX webhooks_deleted_idx ON webhooks (deleted_at) WHERE deleted_at IS NOT NULL;

-- state: 0 fresh, 1 retry, 2 delivered, 3 dead, 4 held, 5 cancelled. due_at counts in state 1.
-- A test event is no row of events: its name and data stand here.
ALTER TABLE deliveries ADD COLUMN test_event TEXT;
ALTER TABLE deliveries ADD COLUMN test_data TEXT;
-- Attempts of the schedule so far; those asked for by hand do not count.
ALTER TABLE deliveries ADD COLUMN attempt_count BIGINT NOT NULL DEFAULT 0;
-- The attempts, encoded, newest last. In the row on purpose: one b-tree to write for a result.
ALTER TABLE deliveries ADD COLUMN attempts BYTEA;
-- While one attempt outside the schedule is due: the state to go back to should it fail, and, of a retry, its time.
ALTER TABLE deliveries ADD COLUMN manual_from BIGINT;
ALTER TABLE deliveries ADD COLUMN resume_at BIGINT;
-- When it was delivered, given up or cancelled; when something of it is next to be thrown away.
ALTER TABLE deliveries ADD COLUMN finished_at BIGINT;
ALTER TABLE deliveries ADD COLUMN prune_at BIGINT;

DROP INDEX deliveries_open_idx;
CREATE INDEX deliveries_fresh_idx ON deliveries (agent_id, webhook_id, event_id) WHERE state = 0;
CREATE INDEX deliveries_retry_idx ON deliveries (agent_id, webhook_id, due_at, event_id) WHERE state = 1 AND manual_from IS NULL;
CREATE INDEX deliveries_manual_idx ON deliveries (agent_id, webhook_id, due_at, event_id) WHERE state = 1 AND manual_from IS NOT NULL;
CREATE INDEX deliveries_held_idx ON deliveries (agent_id, webhook_id, event_id) WHERE state = 4;
CREATE INDEX deliveries_prune_idx ON deliveries (prune_at) WHERE prune_at IS NOT NULL;

-- First attempts are ordered by it; NULL: by entity_id. A showing's is its client.
ALTER TABLE events ADD COLUMN order_key BYTEA;
