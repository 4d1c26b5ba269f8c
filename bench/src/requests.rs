//! The requests that are sent, rendered ahead as far as they can be.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering::Relaxed},
};

/// Where a connection's requests come from.
pub trait Requests: Send {
    /// The next request and the status that its answer must have; `None` at the end.
    fn next(&mut self) -> Option<(&[u8], u16)>;
}

/// GET of some targets in turn.
pub struct Gets {
    requests: Arc<[Vec<u8>]>,
    next: usize,
}

impl Gets {
    /// `first` is the target to begin with, so that connections do not go in step.
    pub fn new(requests: &Arc<[Vec<u8>]>, first: usize) -> Self {
        Self { requests: Arc::clone(requests), next: first }
    }
}

impl Requests for Gets {
    fn next(&mut self) -> Option<(&[u8], u16)> {
        let request = &self.requests[self.next % self.requests.len()];
        self.next += 1;
        Some((request, 200))
    }
}

/// A GET request.
pub fn get(target: &str, key: &str) -> Vec<u8> {
    format!("GET {target} HTTP/1.1\r\nhost: 127.0.0.1\r\nx-api-key: {key}\r\naccept: */*\r\n\r\n").into_bytes()
}

/// A GET request of a browser that is signed in.
pub fn page(target: &str, cookie: &str) -> Vec<u8> {
    format!("GET {target} HTTP/1.1\r\nhost: 127.0.0.1\r\ncookie: {cookie}\r\naccept: text/html\r\n\r\n").into_bytes()
}

/// A form that is sent.
pub fn form(target: &str, fields: &str) -> Vec<u8> {
    let length = fields.len();
    format!(
        "POST {target} HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/x-www-form-urlencoded\r\ncontent-length: {length}\r\n\r\n{fields}"
    )
    .into_bytes()
}

/// A request with a body of JSON.
pub fn with_body(method: &str, target: &str, key: &str, body: &str) -> Vec<u8> {
    let length = body.len();
    format!(
        "{method} {target} HTTP/1.1\r\nhost: 127.0.0.1\r\nx-api-key: {key}\r\naccept: */*\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n{body}"
    )
    .into_bytes()
}

/// Who a created lead is from.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Person {
    /// Someone else each time.
    New,
    /// The one of the published example, again and again.
    Same,
}

/// The published example of a lead, the digits of its person to be filled in.
const EXAMPLE: &str = r#"{"name": "John Smith ~~~~~~~", "email": "john.#######@example.com", "phone": "(555) ###-####", "source": "zillow", "propertyAddress": "123 Main St, Miami, FL", "notes": "Interested in 3BR homes"}"#;
const DIGITS: usize = 7;
/// How many persons the digits tell apart.
const PERSONS: u64 = 10_u64.pow(DIGITS as u32);

/// POST of leads.
pub struct Creates {
    request: Vec<u8>,
    /// Where the digits stand, and what the digit 0 is there.
    places: Vec<(usize, u8)>,
    person: Person,
    /// How many are still to be sent, by all connections together.
    left: Option<Arc<AtomicU64>>,
}

impl Creates {
    /// Leads without end.
    pub fn new(key: &str, person: Person) -> Self {
        let length = EXAMPLE.len();
        let head = format!(
            "POST /api/v1/leads HTTP/1.1\r\nhost: 127.0.0.1\r\nx-api-key: {key}\r\naccept: */*\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n"
        );
        let mut request = head.into_bytes();
        let body = request.len();
        request.extend_from_slice(EXAMPLE.as_bytes());
        // Names have letters where addresses have digits.
        let zero = |byte| match byte {
            b'#' => Some(b'0'),
            b'~' => Some(b'a'),
            _ => None,
        };
        let places = (body..request.len()).filter_map(|at| zero(request[at]).map(|zero| (at, zero))).collect();
        let mut creates = Self { request, places, person, left: None };
        creates.fill(0);
        creates
    }

    /// So many leads, by all connections that share the number.
    pub fn limited(key: &str, left: &Arc<AtomicU64>) -> Self {
        Self { left: Some(Arc::clone(left)), ..Self::new(key, Person::New) }
    }

    fn fill(&mut self, person: u64) {
        let mut rest = 0;
        for (index, (at, zero)) in self.places.iter().enumerate() {
            if index % DIGITS == 0 {
                rest = person;
            }
            self.request[*at] = zero + (rest % 10) as u8;
            rest /= 10;
        }
    }
}

impl Requests for Creates {
    fn next(&mut self) -> Option<(&[u8], u16)> {
        static NUMBER: AtomicU64 = AtomicU64::new(0);
        if let Some(left) = &self.left {
            left.fetch_update(Relaxed, Relaxed, |left| left.checked_sub(1)).ok()?;
        }
        if self.person == Person::New {
            // Strangers come in no order: a prime step, so that no number comes twice before all have.
            let number = NUMBER.fetch_add(1, Relaxed).wrapping_mul(7_368_787) % PERSONS;
            self.fill(number);
        }
        Some((&self.request, 201))
    }
}

/// POST of records, each made of its number, by all connections that share the next one.
pub struct Records {
    path: &'static str,
    key: String,
    count: u64,
    next: Arc<AtomicU64>,
    record: fn(u64) -> serde_json::Value,
    request: Vec<u8>,
}

impl Records {
    pub fn new(
        path: &'static str,
        key: &str,
        count: u64,
        next: &Arc<AtomicU64>,
        record: fn(u64) -> serde_json::Value,
    ) -> Self {
        Self { path, key: key.to_owned(), count, next: Arc::clone(next), record, request: Vec::new() }
    }
}

impl Requests for Records {
    fn next(&mut self) -> Option<(&[u8], u16)> {
        let number = self.next.fetch_add(1, Relaxed);
        if number >= self.count {
            return None;
        }
        self.request = with_body("POST", self.path, &self.key, &(self.record)(number).to_string());
        Some((&self.request, 201))
    }
}

/// A list of requests, taken in order by all connections that share it.
pub struct Shared {
    requests: Arc<[(Vec<u8>, u16)]>,
    next: Arc<AtomicU64>,
    times: u64,
}

impl Shared {
    /// Every request `times` times, round by round.
    pub fn new(requests: &Arc<[(Vec<u8>, u16)]>, next: &Arc<AtomicU64>, times: u64) -> Self {
        Self { requests: Arc::clone(requests), next: Arc::clone(next), times }
    }
}

impl Requests for Shared {
    fn next(&mut self) -> Option<(&[u8], u16)> {
        let count = self.requests.len() as u64;
        let number = self.next.fetch_add(1, Relaxed);
        if number >= count * self.times {
            return None;
        }
        let (request, status) = &self.requests[(number % count) as usize];
        Some((request, *status))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_create_is_the_published_example_by_another_person_each_time() {
        let mut creates = Creates::new("k", Person::New);
        let mut bodies = Vec::new();
        for _ in 0..100 {
            let (request, status) = creates.next().unwrap();
            assert_eq!(status, 201);
            let text = String::from_utf8(request.to_vec()).unwrap();
            let (head, body) = text.split_once("\r\n\r\n").unwrap();
            assert!(head.contains(&format!("content-length: {}", body.len())));
            let lead: serde_json::Value = serde_json::from_str(body).unwrap();
            assert_eq!(lead["source"], "zillow");
            assert!(!body.contains(['#', '~']));
            bodies.push(body.to_owned());
        }
        bodies.sort();
        bodies.dedup();
        assert_eq!(bodies.len(), 100);
    }

    #[test]
    fn a_shared_list_is_sent_as_often_as_asked() {
        let list: Arc<[_]> = vec![(b"a".to_vec(), 200), (b"b".to_vec(), 200)].into();
        let next = Arc::default();
        let (mut one, mut two) = (Shared::new(&list, &next, 3), Shared::new(&list, &next, 3));
        let mut sent = 0;
        while one.next().is_some() || two.next().is_some() {
            sent += 1;
        }
        assert_eq!(sent, 6);
    }
}
