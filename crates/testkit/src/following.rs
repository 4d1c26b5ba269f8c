//! A page that is open: it reads server-sent events as they come.

use std::time::Duration;

use http_body_util::BodyExt;
use hyper::body::Incoming;
use serde_json::Value;

use crate::Browser;

/// One message.
#[derive(Debug, Clone, PartialEq)]
pub struct Message {
    /// The number to go on from.
    pub id: i64,
    /// Its kind.
    pub event: String,
    /// What it says.
    pub data: Value,
}

/// An open page's stream.
pub struct Following {
    /// The status of the answer.
    pub status: u16,
    body: Incoming,
    text: String,
}

impl Browser {
    /// Follows the agent's changes, as a page does.
    ///
    /// # Panics
    /// When no answer comes.
    pub async fn follow(&self, path: &str) -> Following {
        let response = self.dressed().open(path).await;
        let (parts, body) = response.into_parts();
        Following { status: parts.status.as_u16(), body, text: String::new() }
    }
}

impl Following {
    /// The next message; `None` once the stream has ended.
    ///
    /// # Panics
    /// When neither comes in half a minute.
    pub async fn next(&mut self) -> Option<Message> {
        loop {
            while let Some(end) = self.text.find("\n\n") {
                let block = self.text.drain(..end + 2).collect::<String>();
                let field = |name: &str| block.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
                let (Some(id), Some(event), Some(data)) = (field("id"), field("event"), field("data")) else {
                    continue;
                };
                let id = id.parse().expect("a number");
                let data = serde_json::from_str(data).expect("JSON");
                return Some(Message { id, event: event.to_owned(), data });
            }
            let frame = tokio::time::timeout(Duration::from_secs(30), self.body.frame()).await;
            match frame.expect("nothing comes, and the stream does not end") {
                Some(Ok(frame)) => {
                    let bytes = frame.into_data().unwrap_or_default();
                    self.text.push_str(std::str::from_utf8(&bytes).expect("a message is not cut within a letter"));
                }
                Some(Err(_)) | None => return None,
            }
        }
    }

    /// The next message of a kind; those before are passed over.
    ///
    /// # Panics
    /// When the stream ends before.
    pub async fn next_of(&mut self, event: &str) -> Message {
        loop {
            let message = self.next().await.expect("the stream goes on");
            if message.event == event {
                return message;
            }
        }
    }

    /// Reads to the end.
    pub async fn rest(&mut self) -> Vec<Message> {
        let mut rest = Vec::new();
        while let Some(message) = self.next().await {
            rest.push(message);
        }
        rest
    }
}
