//! A sample of each event's `data`, for test events and for the documentation. The keys and their order are those of the events
//! themselves; a test compares them.

use serde_json::{Value, json};

use crate::{events::EventKind, json, listings};

/// A sample of the `data` of an event.
#[must_use]
pub fn sample(kind: EventKind) -> Value {
    match kind {
        EventKind::LeadCreated => json!({
            "name": "John Smith",
            "email": "john@example.com",
            "phone": "(555) 123-4567",
            "source": "website",
            "id": "lead_01k9x3v7e8f4sahm7d9q2b5c6n",
            "status": "new",
            "propertyAddress": "123 Main St, Miami, FL",
            "notes": "A test event from OrganicAgent.",
            "samePersonAs": [],
            "createdAt": "2026-11-23T15:00:00.000Z",
            "updatedAt": "2026-11-23T15:00:00.000Z"
        }),
        EventKind::ClientCreated => json!({
            "name": "Jane Doe",
            "email": "jane@example.com",
            "phone": "(555) 987-6543",
            "buyingStage": "Searching",
            "id": "cli_01k9x3v7e8f4sahm7d9q2b5c6n",
            "pipeline": "buyer",
            "source": "website",
            "notes": "A test event from OrganicAgent.",
            "createdAt": "2026-11-23T15:00:00.000Z",
            "updatedAt": "2026-11-23T15:00:00.000Z"
        }),
        EventKind::ClientStageChanged => json!({
            "name": "Jane Doe",
            "email": "jane@example.com",
            "buyingStage": "Touring",
            "previousStage": "Searching",
            "id": "cli_01k9x3v7e8f4sahm7d9q2b5c6n",
            "phone": "(555) 987-6543",
            "pipeline": "buyer",
            "source": "website",
            "notes": "A test event from OrganicAgent.",
            "createdAt": "2026-11-23T15:00:00.000Z",
            "updatedAt": "2026-11-24T10:30:00.000Z"
        }),
        EventKind::ListingCreated => listings::sample(),
        EventKind::ShowingRequested => json!({
            "name": "Jane Doe",
            "email": "jane@example.com",
            "phone": "(555) 987-6543",
            "address": "456 Oak Ave, Miami, FL",
            "requestedTimes": ["2026-11-28T15:00:00.000Z"],
            "notes": "A test event from OrganicAgent.",
            "id": "shw_01k9x3v7e8f4sahm7d9q2b5c6n",
            "clientId": "cli_01k9x3v7e8f4sahm7d9q2b5c6n",
            "listingId": "lst_01k9x3v7e8f4sahm7d9q2b5c6n",
            "status": "requested",
            "confirmedTime": null,
            "createdAt": "2026-11-23T15:00:00.000Z",
            "updatedAt": "2026-11-23T15:00:00.000Z"
        }),
    }
}

/// The sample as the exact text that is signed.
pub(super) fn text(kind: EventKind) -> String {
    json::to_string(&sample(kind)).expect("a sample has small numbers and texts as keys")
}
