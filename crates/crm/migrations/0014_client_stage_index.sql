-- Clients by stage, last changed first: the columns of the board, and who has been quiet.
CREATE INDEX clients_stage_idx ON clients (agent_id, stage_id, updated_at, id);
