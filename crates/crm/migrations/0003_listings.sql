-- Listings and the showings that clients ask for.

CREATE TABLE listings (
    agent_id BYTEA NOT NULL,
    id BYTEA NOT NULL,
    address TEXT NOT NULL,
    -- hundredths of a unit of the currency
    price BIGINT NOT NULL,
    currency TEXT NOT NULL,
    bedrooms BIGINT,
    -- quarters of a bathroom
    bathrooms BIGINT,
    sqft BIGINT,
    status TEXT NOT NULL,
    -- JSON: the optional fields that no list is narrowed by
    details TEXT NOT NULL,
    -- when listing.created was raised: once, when the listing first was no draft
    announced_at BIGINT,
    updated_at BIGINT NOT NULL,
    CONSTRAINT listings_pkey PRIMARY KEY (agent_id, id)
) /*clustered*/;
CREATE INDEX listings_status_idx ON listings (agent_id, status, id);
CREATE INDEX listings_updated_idx ON listings (agent_id, updated_at, id);

CREATE TABLE showings (
    agent_id BYTEA NOT NULL,
    id BYTEA NOT NULL,
    client_id BYTEA NOT NULL,
    listing_id BYTEA NOT NULL,
    status TEXT NOT NULL,
    -- JSON: milliseconds, in the client's order
    requested_times TEXT NOT NULL,
    confirmed_time BIGINT,
    notes TEXT,
    updated_at BIGINT NOT NULL,
    CONSTRAINT showings_pkey PRIMARY KEY (agent_id, id)
) /*clustered*/;
CREATE INDEX showings_status_idx ON showings (agent_id, status, id);
CREATE INDEX showings_updated_idx ON showings (agent_id, updated_at, id);
CREATE INDEX showings_client_idx ON showings (agent_id, client_id, id);
CREATE INDEX showings_listing_idx ON showings (agent_id, listing_id, id);

-- Showings whose client or listing is in the trash. A table of its own, so that no list has to look past them.
CREATE TABLE trashed_showings (
    agent_id BYTEA NOT NULL,
    id BYTEA NOT NULL,
    client_id BYTEA NOT NULL,
    listing_id BYTEA NOT NULL,
    status TEXT NOT NULL,
    requested_times TEXT NOT NULL,
    confirmed_time BIGINT,
    notes TEXT,
    updated_at BIGINT NOT NULL,
    CONSTRAINT trashed_showings_pkey PRIMARY KEY (agent_id, id)
) /*clustered*/;
CREATE INDEX trashed_showings_client_idx ON trashed_showings (agent_id, client_id);
CREATE INDEX trashed_showings_listing_idx ON trashed_showings (agent_id, listing_id);
