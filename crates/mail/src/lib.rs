//! Mail that goes out: its words, its form, and the talk with a mail server; and mail that comes in, read (`reading`).
//!
//! The queue is `crm`'s (`crm::mails`). `compose` puts a letter into words (`words`, one file for each language), `rendering`
//! makes text and HTML of it, `messages` the message with its headers, `sender` claims, sends and says how it went. `notices` has the words of
//! what devices are told, in the same languages.

mod compose;
mod headers;
mod inquiries;
mod messages;
mod notices;
mod reader;
pub mod reading;
pub mod receiving;
mod rendering;
pub mod sender;
mod server;
mod showings;
mod words;

pub use self::words::{Language, languages, nearest};
pub use messages::Origin;
pub use notices::{Notification, notification};
pub use reader::MailReader;
pub use rendering::{Rendered, render};
pub use server::Server;
