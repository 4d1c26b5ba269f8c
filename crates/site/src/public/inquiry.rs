//! The form by which a visitor becomes a lead, as it stands on a page: `templates/public/inquiry_form.html`.

use crm::ids::ListingId;

use super::Visited;
use crate::Site;

/// A form on a page.
pub(crate) struct Inquiry {
    /// Where it is sent.
    #[expect(dead_code, reason = "the form takes it")]
    pub action: String,
}

impl Inquiry {
    /// A question about a listing.
    pub fn about_listing(_site: &Site, visited: &Visited, listing: ListingId) -> Self {
        Self { action: visited.link(&format!("/listings/{listing}")) }
    }

    /// The request for a guide.
    pub fn for_guide(_site: &Site, visited: &Visited, slug: &str) -> Self {
        Self { action: visited.link(&format!("/guides/{slug}")) }
    }
}
