
-- What SQLite is to expect of them, as step 8 says it of the others.
ANALYZE sqlite_schema;
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES
    ('guides', 'guides', '5000 10 1'),
    ('guides', 'guides_slug_key', '5000 10 1'),
    ('guide_leads', 'guide_leads', '100000 200 1'),
    ('guide_leads', 'guide_leads_guide_idx', '100000 200 20 1');
