//! The schema, step by step. A step that has landed is never edited: its checksum is kept in the database.

use db::Migration;

/// A step whose text serves both engines.
const fn step(version: i64, name: &'static str, sql: &'static str) -> Migration {
    Migration { version, name, sql, sqlite: None, postgres: None }
}

/// Every step, oldest first.
pub const MIGRATIONS: &[Migration] = &[
    step(1, "first", include_str!("../migrations/0001_first.sql")),
    step(2, "clients", include_str!("../migrations/0002_clients.sql")),
    step(3, "listings", include_str!("../migrations/0003_listings.sql")),
    step(4, "jobs", include_str!("../migrations/0004_jobs.sql")),
    Migration {
        sqlite: Some("-- the windows are in the memory of the one process"),
        ..step(5, "key_windows", include_str!("../migrations/0005_key_windows.postgres.sql"))
    },
    step(6, "search", include_str!("../migrations/0006_search.sql")),
    step(7, "settings", include_str!("../migrations/0007_settings.sql")),
    Migration {
        postgres: Some("-- PostgreSQL counts for itself"),
        ..step(8, "statistics", include_str!("../migrations/0008_statistics.sqlite.sql"))
    },
    Migration {
        sqlite: Some(include_str!("../migrations/0009_person_index.sqlite.sql")),
        ..step(9, "person_index", include_str!("../migrations/0009_person_index.sql"))
    },
    step(10, "webhooks", include_str!("../migrations/0010_webhooks.sql")),
    Migration {
        postgres: Some("-- PostgreSQL counts for itself"),
        ..step(11, "webhook_statistics", include_str!("../migrations/0011_webhook_statistics.sqlite.sql"))
    },
    step(12, "sessions", include_str!("../migrations/0012_sessions.sql")),
    Migration {
        postgres: Some("-- PostgreSQL counts for itself"),
        ..step(13, "session_statistics", include_str!("../migrations/0013_session_statistics.sqlite.sql"))
    },
    step(14, "client_stage_index", include_str!("../migrations/0014_client_stage_index.sql")),
    Migration {
        postgres: Some("-- PostgreSQL counts for itself"),
        ..step(15, "client_stage_statistics", include_str!("../migrations/0015_client_stage_statistics.sqlite.sql"))
    },
    step(16, "mails", include_str!("../migrations/0016_mails.sql")),
    Migration {
        postgres: Some("-- PostgreSQL counts for itself"),
        ..step(17, "mail_statistics", include_str!("../migrations/0017_mail_statistics.sqlite.sql"))
    },
    Migration {
        sqlite: Some(concat!(
            include_str!("../migrations/0018_two_step.sql"),
            include_str!("../migrations/0018_two_step_statistics.sqlite.sql")
        )),
        ..step(18, "two_step", include_str!("../migrations/0018_two_step.sql"))
    },
    Migration {
        sqlite: Some(concat!(
            include_str!("../migrations/0019_profiles.sql"),
            include_str!("../migrations/0019_profiles_statistics.sqlite.sql")
        )),
        ..step(19, "profiles", include_str!("../migrations/0019_profiles.sql"))
    },
    Migration {
        sqlite: Some(concat!(
            include_str!("../migrations/0020_exports.sql"),
            include_str!("../migrations/0020_exports_statistics.sqlite.sql")
        )),
        ..step(20, "exports", include_str!("../migrations/0020_exports.sql"))
    },
    step(21, "imports", include_str!("../migrations/0021_imports.sql")),
    Migration {
        postgres: Some("-- PostgreSQL counts for itself"),
        ..step(22, "import_statistics", include_str!("../migrations/0022_import_statistics.sqlite.sql"))
    },
    step(23, "people", include_str!("../migrations/0023_people.sql")),
    Migration {
        postgres: Some("-- PostgreSQL counts for itself"),
        ..step(24, "people_statistics", include_str!("../migrations/0024_people_statistics.sqlite.sql"))
    },
    step(25, "merges", include_str!("../migrations/0025_merges.sql")),
    Migration {
        postgres: Some("-- PostgreSQL counts for itself"),
        ..step(26, "merge_statistics", include_str!("../migrations/0026_merge_statistics.sqlite.sql"))
    },
    step(27, "first_answers", include_str!("../migrations/0027_first_answers.sql")),
    Migration {
        postgres: Some("-- PostgreSQL counts for itself"),
        ..step(28, "first_answer_statistics", include_str!("../migrations/0028_first_answer_statistics.sqlite.sql"))
    },
    step(29, "releases", include_str!("../migrations/0029_releases.sql")),
    step(30, "pushes", include_str!("../migrations/0030_pushes.sql")),
    Migration {
        postgres: Some("-- PostgreSQL counts for itself"),
        ..step(31, "push_statistics", include_str!("../migrations/0031_push_statistics.sqlite.sql"))
    },
    step(32, "files", include_str!("../migrations/0032_files.sql")),
    Migration {
        postgres: Some("-- PostgreSQL counts for itself"),
        ..step(33, "file_statistics", include_str!("../migrations/0033_file_statistics.sqlite.sql"))
    },
    step(34, "client_stage_created", include_str!("../migrations/0034_client_stage_created.sql")),
    Migration {
        postgres: Some("-- PostgreSQL counts for itself"),
        ..step(
            35,
            "client_stage_created_statistics",
            include_str!("../migrations/0035_client_stage_created_statistics.sqlite.sql"),
        )
    },
    step(36, "stage_kinds", include_str!("../migrations/0036_stage_kinds.sql")),
    Migration {
        sqlite: Some(concat!(
            include_str!("../migrations/0037_availability.sql"),
            include_str!("../migrations/0037_availability_statistics.sqlite.sql")
        )),
        ..step(37, "availability", include_str!("../migrations/0037_availability.sql"))
    },
    Migration {
        sqlite: Some(concat!(
            include_str!("../migrations/0038_taken_times.sql"),
            include_str!("../migrations/0038_taken_times.sqlite.sql")
        )),
        ..step(
            38,
            "taken_times",
            concat!(
                include_str!("../migrations/0038_taken_times.sql"),
                include_str!("../migrations/0038_taken_times.postgres.sql")
            ),
        )
    },
    step(39, "unblocked_times", include_str!("../migrations/0039_unblocked_times.sql")),
    step(40, "calendar", include_str!("../migrations/0040_calendar.sql")),
    Migration {
        postgres: Some("-- PostgreSQL counts for itself"),
        ..step(41, "calendar_statistics", include_str!("../migrations/0041_calendar_statistics.sqlite.sql"))
    },
    Migration {
        sqlite: Some(concat!(
            include_str!("../migrations/0043_guides.sql"),
            include_str!("../migrations/0043_guide_statistics.sqlite.sql")
        )),
        ..step(43, "guides", include_str!("../migrations/0043_guides.sql"))
    },
    step(46, "listing_imports", include_str!("../migrations/0046_listing_imports.sql")),
    Migration {
        postgres: Some("-- PostgreSQL counts for itself"),
        ..step(47, "listing_import_statistics", include_str!("../migrations/0047_listing_import_statistics.sqlite.sql"))
    },
    Migration {
        sqlite: Some(concat!(
            include_str!("../migrations/0048_file_contents.sql"),
            include_str!("../migrations/0048_file_contents_statistics.sqlite.sql")
        )),
        ..step(48, "file_contents", include_str!("../migrations/0048_file_contents.sql"))
    },
    Migration {
        sqlite: Some(concat!(
            include_str!("../migrations/0051_shelves.sqlite.sql"),
            include_str!("../migrations/0051_shelves.sql"),
            include_str!("../migrations/0051_shelf_statistics.sqlite.sql")
        )),
        ..step(
            51,
            "shelves",
            concat!(
                include_str!("../migrations/0051_shelves.postgres.sql"),
                include_str!("../migrations/0051_shelves.sql")
            ),
        )
    },
    Migration {
        sqlite: Some(concat!(
            include_str!("../migrations/0052_websites.sql"),
            include_str!("../migrations/0052_website_statistics.sqlite.sql")
        )),
        ..step(52, "websites", include_str!("../migrations/0052_websites.sql"))
    },
    step(54, "inquiries", include_str!("../migrations/0054_inquiries.sql")),
    Migration {
        postgres: Some("-- PostgreSQL counts for itself"),
        ..step(55, "inquiry_statistics", include_str!("../migrations/0055_inquiry_statistics.sqlite.sql"))
    },
    step(56, "visits", include_str!("../migrations/0056_visits.sql")),
    Migration {
        postgres: Some("-- PostgreSQL counts for itself"),
        ..step(57, "visit_statistics", include_str!("../migrations/0057_visit_statistics.sqlite.sql"))
    },
    step(58, "inbox", include_str!("../migrations/0058_inbox.sql")),
    Migration {
        postgres: Some("-- PostgreSQL counts for itself"),
        ..step(59, "inbox_statistics", include_str!("../migrations/0059_inbox_statistics.sqlite.sql"))
    },
    step(63, "domains", include_str!("../migrations/0063_domains.sql")),
    Migration {
        postgres: Some("-- PostgreSQL counts for itself"),
        ..step(64, "domain_statistics", include_str!("../migrations/0064_domain_statistics.sqlite.sql"))
    },
];
