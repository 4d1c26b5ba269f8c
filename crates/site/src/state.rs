//! What every page is given.

use std::sync::Arc;

use crm::{
    Crm,
    live::{self, Live},
};

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

impl SignUp {
    /// The word of the setting.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::First => "first",
            Self::Closed => "closed",
        }
    }
}

/// The pages' state. Cheap to clone.
#[derive(Clone)]
pub struct Site {
    pub(crate) crm: Crm,
    pub(crate) public_url: Arc<str>,
    pub(crate) sign_up: SignUp,
    /// What the first agent's sign-up asks for where others may come first.
    pub(crate) set_up_code: Option<Arc<str>>,
    /// IANA name of the time zone of whoever does not say theirs.
    pub(crate) time_zone: Arc<str>,
    /// The pages that are open.
    pub(crate) live: Arc<Live>,
}

impl Site {
    /// Pages over a domain, at this public URL.
    #[must_use]
    pub fn new(crm: Crm, public_url: &str) -> Self {
        let public_url = public_url.trim_end_matches('/').into();
        let live = Arc::<Live>::default();
        Self { crm, public_url, sign_up: SignUp::default(), set_up_code: None, time_zone: "UTC".into(), live }
    }

    /// The same with this rule for sign-up, and the code that it asks for.
    #[must_use]
    pub fn with_sign_up(mut self, sign_up: SignUp, code: Option<&str>) -> Self {
        self.sign_up = sign_up;
        self.set_up_code = code.map(Arc::from);
        self
    }

    /// The same, with this time zone for whoever does not say theirs.
    #[must_use]
    pub fn with_time_zone(mut self, time_zone: &str) -> Self {
        self.time_zone = time_zone.into();
        self
    }

    /// The same, with room for so many open pages.
    #[must_use]
    pub fn with_open_pages(mut self, most: usize) -> Self {
        self.live = Arc::new(Live::bounded(most));
        self
    }

    /// Tells open pages what changes until `stopped`, and ends them then: to be run beside the pages.
    pub fn watch(
        &self,
        stopped: impl Future<Output = ()> + Send + 'static,
    ) -> impl Future<Output = ()> + Send + 'static {
        live::watch(self.crm.clone(), Arc::clone(&self.live), stopped)
    }

    /// Whether visitors come by https, so that cookies can be kept to it.
    pub(crate) fn is_secure(&self) -> bool {
        self.public_url.starts_with("https://")
    }
}
