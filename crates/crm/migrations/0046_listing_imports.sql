-- Listings from files too: what the rows are, and which became which listing, so that the same file again changes rather than adds.
ALTER TABLE imports ADD COLUMN subject TEXT NOT NULL DEFAULT 'lead';
-- rows that say something else of a listing that came in before: as the check found, and as the run has done so far
ALTER TABLE imports ADD COLUMN rows_changed BIGINT NOT NULL DEFAULT 0;
ALTER TABLE imports ADD COLUMN changed BIGINT NOT NULL DEFAULT 0;

-- Rows that became listings, by a hash of their key in the other program, their MLS number or their address, and which import saw them
-- last.
CREATE TABLE imported_listings (
    agent_id BYTEA NOT NULL,
    hash BYTEA NOT NULL,
    listing_id BYTEA NOT NULL,
    import_id BYTEA NOT NULL,
    CONSTRAINT imported_listings_pkey PRIMARY KEY (agent_id, hash)
) /*clustered*/;
CREATE INDEX imported_listings_listing_idx ON imported_listings (agent_id, listing_id);
