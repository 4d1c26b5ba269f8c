//! A browser as far as pages without scripts need one: it keeps cookies, posts forms, follows nothing by itself.

use std::{collections::BTreeMap, fmt};

use bytes::Bytes;
use crm::accounts;
use http::Method;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::{Answer, Caller, TestAgent, TestApp};

/// The password of whoever [`TestApp::sign_in`] signs in.
pub const PASSWORD: &str = "three green doors and a lamp";

/// Somebody's browser.
#[derive(Clone)]
pub struct Browser {
    caller: Caller,
    cookies: BTreeMap<String, String>,
}

impl fmt::Debug for Browser {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Browser").field("cookies", &self.cookies.len()).finish()
    }
}

impl Browser {
    /// A new one, at the server of this base.
    #[must_use]
    pub fn new(base: &str) -> Self {
        Self { caller: Caller::new(base), cookies: BTreeMap::new() }
    }

    /// The same, sending one more header with every request.
    #[must_use]
    pub fn with(&self, name: &str, value: &str) -> Self {
        Self { caller: self.caller.with(name, value), cookies: self.cookies.clone() }
    }

    /// The same at another address of the server, with its cookies.
    #[must_use]
    pub fn at(&self, base: &str) -> Self {
        Self { caller: Caller::new(base), cookies: self.cookies.clone() }
    }

    /// Puts a cookie in, as somebody else might.
    pub fn plant(&mut self, name: &str, value: &str) {
        self.cookies.insert(name.to_owned(), value.to_owned());
    }

    /// A cookie's value; empty where there is none.
    #[must_use]
    pub fn cookie(&self, name: &str) -> &str {
        self.cookies.get(name).map_or("", String::as_str)
    }

    /// Its cookies as a header has them.
    #[must_use]
    pub fn cookies(&self) -> String {
        let pairs = self.cookies.iter().map(|(name, value)| format!("{name}={value}"));
        pairs.collect::<Vec<_>>().join("; ")
    }

    /// Asks for a page.
    ///
    /// # Panics
    /// When no whole answer comes.
    pub async fn get(&mut self, path: &str) -> Answer {
        let answer = self.dressed().get(path).await;
        self.keep(answer)
    }

    /// Posts a form's fields.
    ///
    /// # Panics
    /// When no whole answer comes.
    pub async fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        self.send(Method::POST, path, "application/x-www-form-urlencoded", Bytes::from(body)).await
    }

    /// Sends a body of any kind.
    ///
    /// # Panics
    /// When no whole answer comes.
    pub async fn send(&mut self, method: Method, path: &str, media_type: &str, body: Bytes) -> Answer {
        let answer = self.dressed().with("Content-Type", media_type).send(method, path, body).await;
        self.keep(answer)
    }

    /// Posts a file in the field `file` of a form.
    ///
    /// # Panics
    /// When no whole answer comes.
    pub async fn post_file(&mut self, path: &str, name: &str, file: &[u8]) -> Answer {
        const BOUNDARY: &str = "what-no-file-of-a-test-has";
        let head = format!(
            "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{name}\"\r\nContent-Type: text/csv\r\n\r\n"
        );
        let body = [head.as_bytes(), file, format!("\r\n--{BOUNDARY}--\r\n").as_bytes()].concat();
        let caller = self.dressed().with("Content-Type", &format!("multipart/form-data; boundary={BOUNDARY}"));
        let answer = caller.send(Method::POST, path, Bytes::from(body)).await;
        self.keep(answer)
    }

    pub(crate) fn dressed(&self) -> Caller {
        if self.cookies.is_empty() {
            return self.caller.clone();
        }
        self.caller.with("Cookie", &self.cookies())
    }

    fn keep(&mut self, answer: Answer) -> Answer {
        for line in answer.headers.get_all("set-cookie") {
            let line = line.to_str().expect("headers are ASCII");
            let (pair, attributes) = line.split_once(';').unwrap_or((line, ""));
            let (name, value) = pair.split_once('=').expect("a cookie has a name");
            if attributes.contains("Max-Age=0") {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        answer
    }
}

impl TestApp {
    /// A browser that nobody has signed in with.
    #[must_use]
    pub fn browser(&self) -> Browser {
        Browser::new(&self.base)
    }

    /// The status that a post of so many bytes is answered with before any of them is sent. Who sends a body that is refused at its
    /// length may lose the answer, for the server closes.
    ///
    /// # Panics
    /// When no answer comes.
    pub async fn announce(&self, path: &str, bytes: usize) -> u16 {
        let host = self.base.trim_start_matches("http://");
        let mut stream = tokio::net::TcpStream::connect(host).await.expect("the server listens");
        let head = format!("POST {path} HTTP/1.1\r\nHost: {host}\r\nContent-Length: {bytes}\r\n\r\n");
        stream.write_all(head.as_bytes()).await.expect("a head is taken");
        let mut start = [0; 12];
        stream.read_exact(&mut start).await.expect("an answer");
        let status = std::str::from_utf8(&start[9..]).ok().and_then(|status| status.parse().ok());
        status.expect("a status line")
    }

    /// Gives an agent [`PASSWORD`].
    ///
    /// # Panics
    /// When the database fails.
    pub async fn set_password(&self, agent: &TestAgent) {
        accounts::reset_password(&self.crm, agent.id, PASSWORD.to_owned()).await.expect("the agent has an account");
    }

    /// A browser in which an agent has just signed in. Their sessions from before have ended.
    ///
    /// # Panics
    /// When they are not let in.
    pub async fn sign_in(&self, agent: &TestAgent) -> Browser {
        self.set_password(agent).await;
        let mut browser = self.browser();
        let _ = browser.post("/login", &[("email", &agent.email), ("password", PASSWORD)]).await.expect(303);
        browser
    }

    /// Whether a session's last use is written as now: that is done beside the answer.
    ///
    /// # Panics
    /// When the database fails.
    pub async fn use_is_noted(&self) -> bool {
        let now = crm::clock::Clock::now(&*self.clock).0;
        let read = self.crm.database().read("test.use", move |tx| {
            let sql = "SELECT COUNT(*) FROM sessions WHERE used_at = $1";
            tx.query_one(sql, db::params![now], |row| row.get::<i64>(0))
        });
        read.await.unwrap_or_else(|error: db::DbError| panic!("{error}")) > 0
    }
}
