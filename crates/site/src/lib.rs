//! HTML: what people look at. So far the API's documentation.

pub mod docs;
