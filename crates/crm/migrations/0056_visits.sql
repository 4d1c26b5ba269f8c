-- How often the pages of an agent's website were looked at, by the day in the agent's time zone and by where the visitors came from.
-- Nothing here tells one visitor from another.
CREATE TABLE visits (
    agent_id BYTEA NOT NULL,
    -- days since 1970-01-01
    day BIGINT NOT NULL,
    -- the path within the site, such as /listings
    page TEXT NOT NULL,
    -- a campaign's source, the referrer's name, or direct
    origin TEXT NOT NULL,
    views BIGINT NOT NULL,
    -- views that were the first of a visitor on that day
    visitors BIGINT NOT NULL,
    CONSTRAINT visits_pkey PRIMARY KEY (agent_id, day, page, origin)
) /*clustered*/;
CREATE INDEX visits_day_idx ON visits (day);
