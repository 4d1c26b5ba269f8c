-- Clients by stage: the columns of the board.
CREATE INDEX clients_stage_idx ON clients (agent_id, stage_id, id);
