-- What a stage means for the clients on it, whatever it is called: active, closed or resting. Stages made before are told by the
-- names that they began with; those of the pipeline aside rest.
ALTER TABLE stages ADD COLUMN kind TEXT NOT NULL DEFAULT 'active';
UPDATE stages SET kind = 'closed' WHERE name IN ('Closed', 'Past Client');
UPDATE stages SET kind = 'resting' WHERE kind = 'active' AND (pipeline = 'side' OR name IN ('On Hold', 'Lost'));
