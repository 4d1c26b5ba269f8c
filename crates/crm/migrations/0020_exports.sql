-- An agent's data on the way out: copies to download, and agents who leave.

CREATE TABLE exports (
    agent_id BYTEA NOT NULL,
    id BYTEA NOT NULL,
    -- 0 being made, 1 ready, 2 failed
    state BIGINT NOT NULL,
    -- slices made so far
    step BIGINT NOT NULL,
    -- which list is being written, and after which of its records to go on
    sheet BIGINT NOT NULL,
    place TEXT,
    records BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    CONSTRAINT exports_pkey PRIMARY KEY (agent_id, id)
) /*clustered*/;
CREATE INDEX exports_expires_idx ON exports (expires_at);

CREATE TABLE export_files (
    agent_id BYTEA NOT NULL,
    export_id BYTEA NOT NULL,
    file BIGINT NOT NULL,
    name TEXT NOT NULL,
    size BIGINT NOT NULL,
    crc BIGINT NOT NULL,
    parts BIGINT NOT NULL,
    CONSTRAINT export_files_pkey PRIMARY KEY (agent_id, export_id, file)
) /*clustered*/;

CREATE TABLE export_parts (
    agent_id BYTEA NOT NULL,
    export_id BYTEA NOT NULL,
    file BIGINT NOT NULL,
    part BIGINT NOT NULL,
    -- 256 KiB at most
    bytes BYTEA NOT NULL,
    CONSTRAINT export_parts_pkey PRIMARY KEY (agent_id, export_id, file, part)
) /*clustered*/;

-- Agents who have asked to be erased, and when that begins.
CREATE TABLE departures (
    agent_id BYTEA NOT NULL,
    due_at BIGINT NOT NULL,
    CONSTRAINT departures_pkey PRIMARY KEY (agent_id)
) /*clustered*/;
CREATE INDEX departures_due_idx ON departures (due_at);

-- What an agent who leaves has still to be done.
CREATE INDEX jobs_agent_idx ON jobs (agent_id) WHERE agent_id IS NOT NULL;
