-- What leads from the website brought along: which form it was, from where, what was agreed to, and what is doubtful about it.
CREATE TABLE website_inquiries (
    agent_id BYTEA NOT NULL,
    lead_id BYTEA NOT NULL,
    -- contact, question, valuation or guide
    kind TEXT NOT NULL,
    -- the tag of the language of the page
    language TEXT NOT NULL,
    -- the path of the page, or the address of another site's
    page TEXT,
    -- the address from which the visitor came to the site
    referrer TEXT,
    -- the parameters of a campaign, a line each: name=value
    campaign TEXT,
    -- what it is counted under: a campaign's source, the referrer's name, or direct
    origin TEXT NOT NULL,
    -- the words that were agreed to, and when
    consent TEXT,
    consented_at BIGINT,
    -- the listing that was asked about
    listing_id BYTEA,
    -- why it is doubtful, a word a line; empty where nothing is
    doubts TEXT NOT NULL,
    -- 0 nothing is doubtful, 1 doubtful, 2 found good, 3 found junk
    standing BIGINT NOT NULL,
    -- 1 while nobody is told of the lead: it looks like spam
    is_held BIGINT NOT NULL,
    CONSTRAINT website_inquiries_pkey PRIMARY KEY (agent_id, lead_id)
) /*clustered*/;
CREATE INDEX website_inquiries_standing_idx ON website_inquiries (agent_id, standing, lead_id);

-- How many acknowledgements an address was sent on a day, whosever site they were asked for on. The address itself is not here.
CREATE TABLE acknowledgements (
    address_key BYTEA NOT NULL,
    -- days since 1970-01-01, UTC
    day BIGINT NOT NULL,
    count BIGINT NOT NULL,
    CONSTRAINT acknowledgements_pkey PRIMARY KEY (address_key)
) /*clustered*/;
CREATE INDEX acknowledgements_day_idx ON acknowledgements (day);

-- The other sites on which an agent's forms stand: their origins, one a line.
CREATE TABLE website_forms (
    agent_id BYTEA NOT NULL,
    origins TEXT NOT NULL,
    CONSTRAINT website_forms_pkey PRIMARY KEY (agent_id)
) /*clustered*/;
