-- Listings as a website shows them: what is on offer and what is sold, by place and by price. What a list is narrowed by is told by the
-- row itself, and stands in its indexes.
ALTER TABLE listings ADD COLUMN shelf TEXT GENERATED ALWAYS AS (
    CASE WHEN status IN ('coming_soon', 'active', 'active_under_contract', 'pending') THEN 'open' WHEN status = 'closed' THEN 'sold' END
) VIRTUAL;
ALTER TABLE listings ADD COLUMN area TEXT GENERATED ALWAYS AS (json_extract(details, '$.city')) VIRTUAL;
ALTER TABLE listings ADD COLUMN kind TEXT GENERATED ALWAYS AS (
    COALESCE(json_extract(details, '$.propertySubType'), json_extract(details, '$.propertyType'))
) VIRTUAL;
