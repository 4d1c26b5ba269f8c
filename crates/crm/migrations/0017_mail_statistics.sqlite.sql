-- What SQLite is to expect behind the tables and indexes of step 16, as step 8 says it of the others.
ANALYZE sqlite_schema;
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES
    ('mails', 'mails', '100000 1000 1'),
    ('mails', 'mails_due_idx', '100 2'),
    ('mails', 'mails_finished_idx', '100000 1'),
    ('mail_records', 'mail_records', '100000 1000 1 1'),
    ('mail_records', 'mail_records_mail_idx', '100000 1000 5 1'),
    ('mail_settings', 'mail_settings', '1000 1'),
    ('lead_mails', 'lead_mails', '1000 1'),
    ('address_changes', 'address_changes', '100 2 1'),
    ('address_changes', 'address_changes_token_key', '100 1'),
    ('address_changes', 'address_changes_expires_idx', '100 1'),
    ('sign_ups', 'sign_ups', '1000 1'),
    ('sign_ups', 'sign_ups_email_idx', '1000 2'),
    ('sign_ups', 'sign_ups_expires_idx', '1000 1'),
    ('webhooks', 'webhooks_failing_idx', '100 1');
