-- Listings as a website shows them: what is on offer and what is sold, by place and by price. What a list is narrowed by is told by the
-- row itself, and stands in its indexes.
ALTER TABLE listings ADD COLUMN shelf TEXT GENERATED ALWAYS AS (
    CASE WHEN status IN ('coming_soon', 'active', 'active_under_contract', 'pending') THEN 'open' WHEN status = 'closed' THEN 'sold' END
) STORED;
ALTER TABLE listings ADD COLUMN area TEXT GENERATED ALWAYS AS (details::json ->> 'city') STORED;
ALTER TABLE listings ADD COLUMN kind TEXT GENERATED ALWAYS AS (
    COALESCE(details::json ->> 'propertySubType', details::json ->> 'propertyType')
) STORED;
