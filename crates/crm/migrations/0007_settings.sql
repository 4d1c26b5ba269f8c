-- What the whole installation knows of itself, such as the fingerprint of the key in use.
CREATE TABLE settings (
    name TEXT NOT NULL,
    value TEXT NOT NULL,
    CONSTRAINT settings_pkey PRIMARY KEY (name)
) /*clustered*/;

-- What has still to be sent: few rows beside those delivered.
CREATE INDEX deliveries_open_idx ON deliveries (state, due_at) WHERE state IN (0, 1, 4);
