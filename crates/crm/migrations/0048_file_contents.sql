-- Files by what is in them: one whose bytes an agent has already refers to the pieces of another. Beside it, how many bytes there are.

-- the file whose pieces these are; the file itself, or an earlier one with the same bytes, which may be gone by now
ALTER TABLE files ADD COLUMN content_id BYTEA;
UPDATE files SET content_id = id;
CREATE INDEX files_content_idx ON files (agent_id, content_id);
CREATE INDEX files_hash_idx ON files (agent_id, hash);
INSERT INTO totals (agent_id, kind, status, total)
    SELECT agent_id, 'file', 'bytes', CAST(SUM(size) AS BIGINT) FROM files WHERE hash IS NOT NULL GROUP BY agent_id;
