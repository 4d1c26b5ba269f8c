-- The requests that each key was let in with during the last minute, by this database's clock. One process alone keeps them in
-- its memory, so SQLite has no such table. Lost in a crash on purpose. Room is left in each page for the next version of a row.
CREATE /*unlogged*/ TABLE key_windows (
    key_id BYTEA NOT NULL,
    -- microseconds since the Unix epoch, ascending
    instants BIGINT[] NOT NULL,
    -- when the last request asked, and what it was told
    asked_at BIGINT NOT NULL,
    is_admitted BIGINT NOT NULL,
    CONSTRAINT key_windows_pkey PRIMARY KEY (key_id)
) WITH (fillfactor = 50);
