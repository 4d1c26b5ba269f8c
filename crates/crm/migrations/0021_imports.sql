-- Leads from a file: the file in pieces, how far its rows are taken in, and which rows were, so that none comes in twice.

CREATE TABLE imports (
    agent_id BYTEA NOT NULL,
    id BYTEA NOT NULL,
    file_name TEXT NOT NULL,
    -- bytes of the file
    size BIGINT NOT NULL,
    -- arriving, checked, running, done or cancelled
    state TEXT NOT NULL,
    -- utf-8 or windows-1252
    encoding TEXT NOT NULL,
    delimiter TEXT NOT NULL,
    -- JSON: of each column its header and what it is
    columns TEXT NOT NULL,
    -- where the first row begins, and the next: in bytes and by the number of its line
    first_position BIGINT NOT NULL,
    first_line BIGINT NOT NULL,
    position BIGINT NOT NULL,
    line BIGINT NOT NULL,
    -- what the check found: rows in all, those that can be taken in, those that were before, those that cannot
    rows_found BIGINT NOT NULL,
    rows_good BIGINT NOT NULL,
    rows_known BIGINT NOT NULL,
    rows_bad BIGINT NOT NULL,
    -- JSON: the first of those that cannot
    first_errors TEXT NOT NULL,
    -- what the run has done so far
    imported BIGINT NOT NULL,
    known BIGINT NOT NULL,
    failed BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    CONSTRAINT imports_pkey PRIMARY KEY (agent_id, id)
) /*clustered*/;
CREATE INDEX imports_updated_idx ON imports (updated_at);

CREATE TABLE import_pieces (
    agent_id BYTEA NOT NULL,
    import_id BYTEA NOT NULL,
    number BIGINT NOT NULL,
    bytes BYTEA NOT NULL,
    CONSTRAINT import_pieces_pkey PRIMARY KEY (agent_id, import_id, number)
) /*clustered*/;

-- Rows that came in once, by a hash of their id in the file or of all they hold.
CREATE TABLE import_rows (
    agent_id BYTEA NOT NULL,
    hash BYTEA NOT NULL,
    lead_id BYTEA NOT NULL,
    CONSTRAINT import_rows_pkey PRIMARY KEY (agent_id, hash)
) /*clustered*/;
CREATE INDEX import_rows_lead_idx ON import_rows (agent_id, lead_id);
