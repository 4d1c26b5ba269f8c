//! Styles, scripts and icons: in the binary, under names that change with their contents, so browsers keep them for good.

use std::sync::OnceLock;

use axum::Router;
use memory_serve::{CacheControl, MemoryServe};

const BASE: &str = "/assets";

/// Where each asset is served.
pub(crate) struct Assets {
    pub style: String,
    pub script: String,
    /// What keeps a page up to date while it is open.
    pub live: String,
    /// What has a device told by Web Push.
    pub devices: String,
    pub icons: String,
    pub icon: String,
    /// The icon as pictures, for phones: whole, with room to be cut round, and for Apple's.
    pub icon_192: String,
    pub icon_512: String,
    pub icon_maskable: String,
    pub icon_apple: String,
    /// Dragging, for the board.
    pub sortable: String,
}

/// Where each asset of the public pages is served.
pub(crate) struct PublicAssets {
    pub style: String,
    pub forms: String,
    pub icons: String,
}

const PUBLIC_BASE: &str = "/assets/public";

#[expect(unused_qualifications, reason = "the list of assets is generated")]
fn served() -> MemoryServe {
    memory_serve::load!("app").index_file(None).cache_control(CacheControl::Medium).enable_hashed_routes(true)
}

#[expect(unused_qualifications, reason = "the list of assets is generated")]
fn served_publicly() -> MemoryServe {
    memory_serve::load!("public").index_file(None).cache_control(CacheControl::Medium).enable_hashed_routes(true)
}

/// The names of today, of the public pages.
pub(crate) fn public() -> &'static PublicAssets {
    static ASSETS: OnceLock<PublicAssets> = OnceLock::new();
    ASSETS.get_or_init(|| {
        let manifest = served_publicly().manifest();
        let name = |file: &str| format!("{PUBLIC_BASE}{}", manifest.get(file).unwrap_or(file));
        PublicAssets { style: name("/site.css"), forms: name("/forms.css"), icons: name("/icons.svg") }
    })
}

/// The names of today.
pub(crate) fn get() -> &'static Assets {
    static ASSETS: OnceLock<Assets> = OnceLock::new();
    ASSETS.get_or_init(|| {
        let manifest = served().manifest();
        let name = |file: &str| format!("{BASE}{}", manifest.get(file).unwrap_or(file));
        Assets {
            style: name("/app.css"),
            script: name("/app.js"),
            live: name("/live.js"),
            devices: name("/devices.js"),
            icons: name("/icons.svg"),
            icon: name("/icon.svg"),
            icon_192: name("/icon-192.png"),
            icon_512: name("/icon-512.png"),
            icon_maskable: name("/icon-maskable-512.png"),
            icon_apple: name("/apple-touch-icon.png"),
            sortable: name("/sortable.js"),
        }
    })
}

/// The assets as routes.
pub(crate) fn routes() -> Router {
    Router::new().nest(BASE, served().into_router()).nest(PUBLIC_BASE, served_publicly().into_router())
}
