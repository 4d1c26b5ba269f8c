-- How long each lead waited for its first answer: a status other than new, a note, or that it was made a client.
CREATE TABLE first_answers (
    agent_id BYTEA NOT NULL,
    lead_id BYTEA NOT NULL,
    -- milliseconds
    took BIGINT NOT NULL,
    CONSTRAINT first_answers_pkey PRIMARY KEY (agent_id, lead_id)
) /*clustered*/;
