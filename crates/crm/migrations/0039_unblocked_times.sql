-- The time that was unblocked last can be taken back.
ALTER TABLE blocked_times ADD COLUMN deleted_at BIGINT;
