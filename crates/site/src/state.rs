//! What every page is given.

use std::sync::Arc;

use crm::Crm;

/// Who may make an agent in the browser.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SignUp {
    /// Anybody.
    Open,
    /// Only while no agent exists.
    #[default]
    First,
    /// Nobody.
    Closed,
}

/// The pages' state. Cheap to clone.
#[derive(Clone)]
pub struct Site {
    pub(crate) crm: Crm,
    pub(crate) public_url: Arc<str>,
    pub(crate) sign_up: SignUp,
    /// What the first agent's sign-up asks for where others may come first.
    pub(crate) set_up_code: Option<Arc<str>>,
}

impl Site {
    /// Pages over a domain, at this public URL.
    #[must_use]
    pub fn new(crm: Crm, public_url: &str) -> Self {
        Self { crm, public_url: public_url.trim_end_matches('/').into(), sign_up: SignUp::default(), set_up_code: None }
    }

    /// The same with this rule for sign-up, and the code that it asks for.
    #[must_use]
    pub fn with_sign_up(mut self, sign_up: SignUp, code: Option<&str>) -> Self {
        self.sign_up = sign_up;
        self.set_up_code = code.map(Arc::from);
        self
    }

    /// Whether visitors come by https, so that cookies can be kept to it.
    pub(crate) fn is_secure(&self) -> bool {
        self.public_url.starts_with("https://")
    }
}
