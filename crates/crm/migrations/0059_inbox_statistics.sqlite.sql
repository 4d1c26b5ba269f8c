-- What SQLite is to expect behind the indexes of step 58, as step 8 says it of the others.
ANALYZE sqlite_schema;
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES
    ('inbound_addresses', 'inbound_addresses', '1000 1'),
    ('inbound_addresses', 'inbound_addresses_token_key', '1000 1'),
    ('inbound_messages', 'inbound_messages', '1000000 10000 1'),
    ('inbound_messages', 'inbound_messages_message_key', '1000000 10000 1'),
    ('inbound_messages', 'inbound_messages_tray_idx', '1000000 10000 2500 1'),
    ('inbound_messages', 'inbound_messages_provider_idx', '500000 5000 1 1'),
    ('inbound_messages', 'inbound_messages_lead_idx', '600000 6000 2 1'),
    ('inbound_messages', 'inbound_messages_client_idx', '50000 500 2 1'),
    ('inbound_messages', 'inbound_messages_email_idx', '900000 9000 2 1'),
    ('inbound_messages', 'inbound_messages_ends_idx', '300000 1');
