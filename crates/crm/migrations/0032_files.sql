-- Files in pieces, and what a listing has beside its record: photos, documents, what it cost before, when it is open to visitors.

CREATE TABLE files (
    agent_id BYTEA NOT NULL,
    id BYTEA NOT NULL,
    -- the photo or document that it is of; none while it arrives
    about_id BYTEA,
    -- of its bytes; none while it arrives
    hash BYTEA,
    size BIGINT NOT NULL,
    media_type TEXT NOT NULL,
    -- of a picture, in pixels
    width BIGINT,
    height BIGINT,
    -- when it is thrown away; none while something refers to it
    until BIGINT,
    CONSTRAINT files_pkey PRIMARY KEY (agent_id, id)
) /*clustered*/;
CREATE INDEX files_about_idx ON files (agent_id, about_id, width);
CREATE INDEX files_until_idx ON files (until) WHERE until IS NOT NULL;

CREATE TABLE file_pieces (
    agent_id BYTEA NOT NULL,
    file_id BYTEA NOT NULL,
    number BIGINT NOT NULL,
    -- 256 KiB but for the last
    bytes BYTEA NOT NULL,
    CONSTRAINT file_pieces_pkey PRIMARY KEY (agent_id, file_id, number)
) /*clustered*/;

CREATE TABLE attachments (
    agent_id BYTEA NOT NULL,
    id BYTEA NOT NULL,
    listing_id BYTEA NOT NULL,
    -- photo or document
    kind TEXT NOT NULL,
    place BIGINT NOT NULL,
    -- a photo's caption, a document's name
    words TEXT NOT NULL,
    deleted_at BIGINT,
    CONSTRAINT attachments_pkey PRIMARY KEY (agent_id, id)
) /*clustered*/;
CREATE INDEX attachments_listing_idx ON attachments (agent_id, listing_id, kind, place, id);

-- Without rows, the price has been the same from the beginning.
CREATE TABLE listing_prices (
    agent_id BYTEA NOT NULL,
    listing_id BYTEA NOT NULL,
    -- holds the instant from which on the price was asked
    id BYTEA NOT NULL,
    price BIGINT NOT NULL,
    currency TEXT NOT NULL,
    CONSTRAINT listing_prices_pkey PRIMARY KEY (agent_id, listing_id, id)
) /*clustered*/;

CREATE TABLE open_houses (
    agent_id BYTEA NOT NULL,
    id BYTEA NOT NULL,
    listing_id BYTEA NOT NULL,
    starts_at BIGINT NOT NULL,
    ends_at BIGINT NOT NULL,
    notes TEXT,
    CONSTRAINT open_houses_pkey PRIMARY KEY (agent_id, id)
) /*clustered*/;
CREATE INDEX open_houses_listing_idx ON open_houses (agent_id, listing_id, starts_at, id);
