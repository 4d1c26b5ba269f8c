-- Clients by stage as they became clients: the list in either order of that. The index of step 14 has them as they changed.
CREATE INDEX clients_stage_created_idx ON clients (agent_id, stage_id, id);
