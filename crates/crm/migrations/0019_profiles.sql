-- What an agent says of themselves, and their picture.

CREATE TABLE profiles (
    agent_id BYTEA NOT NULL,
    licence TEXT,
    brokerage TEXT,
    phone TEXT,
    -- one a line
    languages TEXT NOT NULL,
    service_areas TEXT NOT NULL,
    -- six hexadecimal digits
    brand TEXT,
    CONSTRAINT profiles_pkey PRIMARY KEY (agent_id)
) /*clustered*/;

CREATE TABLE photos (
    agent_id BYTEA NOT NULL,
    -- of the bytes; its address has it
    hash BYTEA NOT NULL,
    -- a JPEG, 512 pixels square
    bytes BYTEA NOT NULL,
    CONSTRAINT photos_pkey PRIMARY KEY (agent_id)
) /*clustered*/;
