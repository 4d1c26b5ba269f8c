//! What each attempt of a delivery came to, as kept in the delivery's row.
//!
//! Compact and private: a version byte, then the attempts one after another, newest last. Texts and bytes have their length
//! in two bytes before them.

use crate::clock::UnixMillis;

/// The attempts that are kept of a delivery: the newest.
pub const KEPT_ATTEMPTS: usize = 20;
/// What is kept of an answer's body, in bytes.
pub const MAX_RESPONSE: usize = 1_024;
/// The longest kept description of an error, in bytes.
const MAX_ERROR: usize = 500;

const VERSION: u8 = 1;
const OLD_SECRET: u8 = 1;
const MANUAL: u8 = 2;
const WITH_ERROR: u8 = 4;
const WITH_RESPONSE: u8 = 8;

/// Which of two live secrets the published signature was made with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Published {
    /// The newest.
    #[default]
    Current,
    /// The one before the last rotation.
    Old,
}

impl Published {
    /// The other one.
    #[must_use]
    pub fn other(self) -> Self {
        match self {
            Self::Current => Self::Old,
            Self::Old => Self::Current,
        }
    }
}

/// One attempt to deliver.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    /// When it began.
    pub at: UnixMillis,
    /// How long it took.
    pub duration_ms: u32,
    /// The status of the answer, where there was one.
    pub status_code: Option<u16>,
    /// What went wrong, in words with the phase; `None` for a success.
    pub error: Option<String>,
    /// The beginning of the answer's body, as bytes: at most [`MAX_RESPONSE`].
    pub response: Option<Vec<u8>>,
    /// The secret of the published signature.
    pub published: Published,
    /// Whether it was asked for by hand, outside the schedule.
    pub is_manual: bool,
}

impl Attempt {
    /// Whether the receiver has taken the event: any 2xx.
    #[must_use]
    pub fn is_success(&self) -> bool {
        self.status_code.is_some_and(|status| (200..300).contains(&status))
    }
}

/// The encoded attempts with one more. What does not read (nothing does today but of a newer version) is left behind.
pub(super) fn append(encoded: Option<&[u8]>, attempt: Attempt) -> Vec<u8> {
    let mut attempts = encoded.map(decode).unwrap_or_default();
    attempts.push(attempt);
    encode(&attempts)
}

/// The attempts as bytes, the newest [`KEPT_ATTEMPTS`] of them.
pub(super) fn encode(attempts: &[Attempt]) -> Vec<u8> {
    let kept = &attempts[attempts.len().saturating_sub(KEPT_ATTEMPTS)..];
    let mut out = vec![VERSION];
    for attempt in kept {
        let Attempt { at, duration_ms, status_code, error, response, published, is_manual } = attempt;
        let mut flags = 0;
        for (flag, is_set) in [
            (OLD_SECRET, *published == Published::Old),
            (MANUAL, *is_manual),
            (WITH_ERROR, error.is_some()),
            (WITH_RESPONSE, response.is_some()),
        ] {
            flags |= if is_set { flag } else { 0 };
        }
        out.push(flags);
        out.extend(at.0.to_be_bytes());
        out.extend(duration_ms.to_be_bytes());
        out.extend(status_code.unwrap_or(0).to_be_bytes());
        if let Some(error) = error {
            push(&mut out, &error.as_bytes()[..error.floor_char_boundary(MAX_ERROR)]);
        }
        if let Some(response) = response {
            push(&mut out, &response[..response.len().min(MAX_RESPONSE)]);
        }
    }
    out
}

fn push(out: &mut Vec<u8>, bytes: &[u8]) {
    let length = u16::try_from(bytes.len()).expect("cut before");
    out.extend(length.to_be_bytes());
    out.extend(bytes);
}

/// The attempts, oldest first; none where the bytes are of another version.
pub(super) fn decode(bytes: &[u8]) -> Vec<Attempt> {
    let Some((&VERSION, mut rest)) = bytes.split_first() else { return Vec::new() };
    let mut attempts = Vec::new();
    while !rest.is_empty() {
        let Some(attempt) = read(&mut rest) else { break };
        attempts.push(attempt);
    }
    attempts
}

fn read(rest: &mut &[u8]) -> Option<Attempt> {
    let [flags] = take::<1>(rest)?;
    let at = UnixMillis(i64::from_be_bytes(take(rest)?));
    let duration_ms = u32::from_be_bytes(take(rest)?);
    let status = u16::from_be_bytes(take(rest)?);
    let error = match flags & WITH_ERROR {
        0 => None,
        _ => Some(String::from_utf8_lossy(&take_bytes(rest)?).into_owned()),
    };
    let response = if flags & WITH_RESPONSE == 0 { None } else { Some(take_bytes(rest)?) };
    Some(Attempt {
        at,
        duration_ms,
        status_code: (status != 0).then_some(status),
        error,
        response,
        published: if flags & OLD_SECRET == 0 { Published::Current } else { Published::Old },
        is_manual: flags & MANUAL != 0,
    })
}

fn take<const N: usize>(rest: &mut &[u8]) -> Option<[u8; N]> {
    let (taken, left) = rest.split_first_chunk::<N>()?;
    *rest = left;
    Some(*taken)
}

fn take_bytes(rest: &mut &[u8]) -> Option<Vec<u8>> {
    let length = usize::from(u16::from_be_bytes(take(rest)?));
    let (taken, left) = rest.split_at_checked(length)?;
    *rest = left;
    Some(taken.to_vec())
}

/// Which answers to erase.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Answers {
    /// All.
    All,
    /// Those of successes.
    OfSuccesses,
}

/// The same attempts without what receivers answered; `None` where that changes nothing.
pub(super) fn without(encoded: &[u8], answers: Answers) -> Option<Vec<u8>> {
    let mut attempts = decode(encoded);
    let mut is_changed = false;
    for attempt in &mut attempts {
        if answers == Answers::All || attempt.is_success() {
            is_changed |= attempt.response.take().is_some();
        }
    }
    is_changed.then(|| encode(&attempts))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    prop_compose! {
        fn attempt()(
            at in any::<i64>(),
            duration_ms in any::<u32>(),
            status_code in proptest::option::of(1..1000u16),
            error in proptest::option::of("\\PC{0,100}"),
            response in proptest::option::of(proptest::collection::vec(any::<u8>(), 0..200)),
            is_old in any::<bool>(),
            is_manual in any::<bool>(),
        ) -> Attempt {
            let published = if is_old { Published::Old } else { Published::Current };
            Attempt { at: UnixMillis(at), duration_ms, status_code, error, response, published, is_manual }
        }
    }

    proptest! {
        #[test]
        fn attempts_are_read_back_as_they_were(attempts in proptest::collection::vec(attempt(), 0..30)) {
            let newest = &attempts[attempts.len().saturating_sub(KEPT_ATTEMPTS)..];
            prop_assert_eq!(decode(&encode(&attempts)), newest);
        }

        #[test]
        fn bytes_of_any_kind_are_read_without_harm(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = decode(&bytes);
        }
    }

    fn answered(status: u16) -> Attempt {
        Attempt {
            at: UnixMillis(1),
            duration_ms: 2,
            status_code: Some(status),
            error: None,
            response: Some(b"body".to_vec()),
            published: Published::Current,
            is_manual: false,
        }
    }

    #[test]
    fn answers_of_successes_go_alone_or_all_do() {
        let encoded = encode(&[answered(500), answered(204)]);
        let left = |answers| {
            decode(&without(&encoded, answers).unwrap()).into_iter().map(|a| a.response.is_some()).collect::<Vec<_>>()
        };
        assert_eq!(left(Answers::OfSuccesses), [true, false]);
        assert_eq!(left(Answers::All), [false, false]);
        assert_eq!(without(&encode(&[]), Answers::All), None);
    }

    #[test]
    fn what_is_too_long_is_cut() {
        let long = Attempt { error: Some("é".repeat(1_000)), response: Some(vec![0; 5_000]), ..answered(500) };
        let cut = decode(&append(None, long)).remove(0);
        assert_eq!(cut.error.unwrap().len(), MAX_ERROR);
        assert_eq!(cut.response.unwrap().len(), MAX_RESPONSE);
    }
}
