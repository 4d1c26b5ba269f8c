CREATE INDEX listings_shelf_idx ON listings (agent_id, shelf, id, price, bedrooms, bathrooms, status, kind);
CREATE INDEX listings_shelf_price_idx ON listings (agent_id, shelf, price, id, bedrooms, bathrooms, status, kind);
CREATE INDEX listings_shelf_area_idx ON listings (agent_id, shelf, area, id, price, bedrooms, bathrooms, status, kind);
CREATE INDEX listings_shelf_area_price_idx ON listings (agent_id, shelf, area, price, id, bedrooms, bathrooms, status, kind);
