//! Whether a mail is from whom it says: SPF (RFC 7208), DKIM (RFC 6376) and DMARC (RFC 7489), by the name servers of the system or of a
//! test, within a time of their own. What the name servers do not tell in that time stays unknown; no mail is refused for it.

use std::{
    future::Future,
    net::{IpAddr, SocketAddr},
    pin::Pin,
    time::Duration,
};

use crm::inbox::{Standing, Trust};
use mail_auth::{
    AuthenticatedMessage, DkimResult, DmarcResult, MessageAuthenticator, SpfOutput, SpfResult,
    dmarc::verify::DmarcParameters,
    hickory_resolver::config::{ConnectionConfig, NameServerConfig, ResolverConfig, ResolverOpts},
    spf::verify::SpfParameters,
};
use tokio::time::timeout;

use super::{Checker, Envelope};

/// The longest that name servers are waited for.
const PATIENCE: Duration = Duration::from_millis(2_500);
/// The same for one answer, of which a check may need several.
const ONE: Duration = Duration::from_millis(800);
/// Signatures that are looked at: each costs a question and a computation.
const SIGNATURES: usize = 5;

/// Checks senders.
pub struct SenderChecks {
    authenticator: MessageAuthenticator,
    host: String,
}

impl std::fmt::Debug for SenderChecks {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("SenderChecks").finish_non_exhaustive()
    }
}

impl SenderChecks {
    /// By the name servers of the system; `host` is the name of this server.
    ///
    /// # Errors
    /// When the system names none.
    pub fn of_system(host: &str) -> Result<Self, String> {
        let authenticator = MessageAuthenticator::new_system_conf().map_err(|error| error.to_string())?;
        Ok(Self { authenticator, host: host.to_owned() })
    }

    /// By one name server.
    ///
    /// # Errors
    /// When the resolver cannot be made.
    pub fn of_server(host: &str, server: SocketAddr) -> Result<Self, String> {
        let mut connection = ConnectionConfig::udp();
        connection.port = server.port();
        let server = NameServerConfig::new(server.ip(), true, vec![connection]);
        let mut options = ResolverOpts::default();
        (options.timeout, options.attempts) = (ONE, 1);
        let config = ResolverConfig::from_name_servers(vec![server]);
        let authenticator = MessageAuthenticator::new(config, options).map_err(|error| error.to_string())?;
        Ok(Self { authenticator, host: host.to_owned() })
    }

    async fn look(&self, envelope: &Envelope, message: &AuthenticatedMessage<'_>, trust: &mut Trust) {
        let Envelope { peer, greeting, sender, .. } = envelope;
        let dkim = self.authenticator.verify_dkim(message).await;
        trust.dkim = best(dkim.iter().map(|output| dkim_word(output.result())));
        let passed = |domain: &str| is_aligned(domain, &trust.domain);
        let is_signed = dkim.iter().any(|output| {
            *output.result() == DkimResult::Pass && output.signature().is_some_and(|signature| passed(&signature.d))
        });
        // A mail server of ours in between: whose address it has says nothing of who sent it.
        let spf = if is_public(*peer) {
            let asked = SpfParameters::verify_mail_from(*peer, greeting, &self.host, sender);
            self.authenticator.verify_spf(asked).await
        } else {
            SpfOutput::new(String::new()).with_result(SpfResult::None)
        };
        trust.spf = spf_word(spf.result()).to_owned();
        let return_domain = sender.rsplit_once('@').map_or(greeting.as_str(), |(_, domain)| domain);
        let is_from_there = spf.result() == SpfResult::Pass && passed(return_domain);
        let dmarc = self.authenticator.verify_dmarc(DmarcParameters {
            message,
            dkim_output: &dkim,
            dkim2_output: None,
            rfc5321_mail_from_domain: return_domain,
            spf_output: &spf,
        });
        let dmarc = dmarc.await.result();
        trust.dmarc = dmarc_word(&dmarc).to_owned();
        let is_told = trust.spf != "temperror" && trust.dkim != "temperror";
        trust.standing = match dmarc {
            DmarcResult::Pass => Standing::Verified,
            // Behind a mail server of ours only a signature tells, and a list may have broken that.
            DmarcResult::Fail(_) if is_told && is_public(*peer) => Standing::Unverified,
            _ if is_signed || is_from_there => Standing::Verified,
            _ => Standing::Unknown,
        };
    }
}

impl Checker for SenderChecks {
    fn check<'a>(
        &'a self,
        envelope: &'a Envelope,
        raw: &'a [u8],
    ) -> Pin<Box<dyn Future<Output = Option<Trust>> + Send + 'a>> {
        Box::pin(async move {
            let mut trust = Trust { spf: none(), dkim: none(), dmarc: none(), ..Trust::default() };
            let Some(mut message) = AuthenticatedMessage::parse(raw) else { return Some(trust) };
            message.dkim_headers.truncate(SIGNATURES);
            trust.signed_for = message.dkim_headers.iter().map(|held| held.header.d.to_lowercase()).collect();
            // Who names several senders is none of them.
            if let [from] = message.from.as_slice() {
                trust.domain = from.rsplit_once('@').map(|(_, domain)| domain.to_lowercase()).unwrap_or_default();
            }
            // From a mail server of ours, unsigned: there is nothing that name servers could tell.
            if trust.signed_for.is_empty() && !is_public(envelope.peer) {
                return Some(trust);
            }
            let mut looked = trust.clone();
            match timeout(PATIENCE, Box::pin(self.look(envelope, &message, &mut looked))).await {
                Ok(()) => Some(looked),
                Err(_) => Some(Trust { spf: late(), dkim: late(), dmarc: late(), ..trust }),
            }
        })
    }
}

fn none() -> String {
    String::from("none")
}

fn late() -> String {
    String::from("temperror")
}

/// Whether a domain is another, or belongs to it, or the other way round.
fn is_aligned(one: &str, other: &str) -> bool {
    let within = |inner: &str, outer: &str| {
        inner.len() > outer.len()
            && inner.ends_with(outer)
            && inner.as_bytes()[inner.len() - outer.len() - 1] == b'.'
            && outer.contains('.')
    };
    let (one, other) = (one.to_lowercase(), other.to_lowercase());
    !one.is_empty() && (one == other || within(&one, &other) || within(&other, &one))
}

/// Whether an address is one that others on the Internet see.
fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => {
            !(address.is_loopback() || address.is_private() || address.is_link_local() || address.is_unspecified())
        }
        IpAddr::V6(address) => {
            !(address.is_loopback()
                || address.is_unspecified()
                || address.is_unique_local()
                || address.is_unicast_link_local())
        }
    }
}

/// Of several results the best: one good signature is enough.
fn best<'a>(words: impl Iterator<Item = &'a str>) -> String {
    let words = words.collect::<Vec<_>>();
    let order = ["pass", "temperror", "fail", "permerror", "neutral"];
    order.iter().find(|word| words.contains(word)).copied().unwrap_or("none").to_owned()
}

fn dkim_word(result: &DkimResult) -> &'static str {
    match result {
        DkimResult::Pass => "pass",
        DkimResult::Neutral(_) => "neutral",
        DkimResult::Fail(_) => "fail",
        DkimResult::PermError(_) => "permerror",
        DkimResult::TempError(_) => "temperror",
        DkimResult::None => "none",
    }
}

fn spf_word(result: SpfResult) -> &'static str {
    match result {
        SpfResult::Pass => "pass",
        SpfResult::Fail => "fail",
        SpfResult::SoftFail => "softfail",
        SpfResult::Neutral => "neutral",
        SpfResult::TempError => "temperror",
        SpfResult::PermError => "permerror",
        SpfResult::None => "none",
    }
}

fn dmarc_word(result: &DmarcResult) -> &'static str {
    match result {
        DmarcResult::Pass => "pass",
        DmarcResult::Fail(_) => "fail",
        DmarcResult::TempError(_) => "temperror",
        DmarcResult::PermError(_) => "permerror",
        DmarcResult::None => "none",
    }
}

#[cfg(test)]
mod tests {
    use std::{net::UdpSocket, thread};

    use super::*;
    use crate::receiving::Protocol;

    /// A name server that knows these texts, and of everything else that it is not there.
    fn name_server(texts: &'static [(&'static str, &'static str)]) -> SocketAddr {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        let address = socket.local_addr().unwrap();
        thread::spawn(move || {
            let mut question = [0; 1024];
            while let Ok((length, peer)) = socket.recv_from(&mut question) {
                let _ = socket.send_to(&answer(&question[..length], texts), peer);
            }
        });
        address
    }

    /// RFC 1035, section 4.1.
    fn answer(question: &[u8], texts: &[(&str, &str)]) -> Vec<u8> {
        let (mut at, mut name) = (12, String::new());
        while question[at] != 0 {
            let length = usize::from(question[at]);
            name.push_str(&String::from_utf8_lossy(&question[at + 1..=at + length]).to_lowercase());
            name.push('.');
            at += length + 1;
        }
        let kind = u16::from_be_bytes([question[at + 1], question[at + 2]]);
        let asked = &question[12..at + 5];
        let found = texts.iter().find(|(held, _)| kind == 16 && format!("{held}.") == name).map(|(_, text)| *text);
        let mut answer = [
            &question[..2],
            &[0x81, if found.is_some() { 0x80 } else { 0x83 }],
            &[0, 1, 0, u8::from(found.is_some()), 0, 0, 0, 0],
        ]
        .concat();
        answer.extend_from_slice(asked);
        if let Some(text) = found {
            answer.extend_from_slice(&[0xc0, 12, 0, 16, 0, 1, 0, 0, 0, 60]);
            let length = u16::try_from(text.len() + 1).unwrap();
            answer.extend_from_slice(&length.to_be_bytes());
            answer.push(u8::try_from(text.len()).unwrap());
            answer.extend_from_slice(text.as_bytes());
        }
        answer
    }

    fn envelope(peer: &str, sender: &str) -> Envelope {
        Envelope {
            peer: peer.parse().unwrap(),
            greeting: String::from("mx.portal.example"),
            sender: sender.to_owned(),
            protocol: Protocol::Smtp,
            is_encrypted: true,
        }
    }

    fn check(checks: &SenderChecks, envelope: &Envelope, raw: &str) -> Trust {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(checks.check(envelope, raw.as_bytes())).unwrap()
    }

    const TEXTS: &[(&str, &str)] = &[
        ("portal.example", "v=spf1 ip4:192.0.2.0/24 -all"),
        ("_dmarc.portal.example", "v=DMARC1; p=reject"),
        ("plain.example", "v=spf1 ip4:192.0.2.0/24 -all"),
    ];

    const MAIL: &str = "From: Portal <leads@portal.example>\r\nSubject: New lead\r\n\r\nHello\r\n";

    #[test]
    fn a_sender_is_who_the_domain_says_and_no_other() {
        let checks = SenderChecks::of_server("mx.example.com", name_server(TEXTS)).unwrap();
        let true_one = check(&checks, &envelope("192.0.2.7", "bounce@portal.example"), MAIL);
        assert_eq!(
            (true_one.spf.as_str(), true_one.dmarc.as_str(), true_one.standing),
            ("pass", "pass", Standing::Verified)
        );
        // The catalogue's M7.
        let forged = check(&checks, &envelope("203.0.113.9", "bounce@portal.example"), MAIL);
        assert_eq!(
            (forged.spf.as_str(), forged.dmarc.as_str(), forged.standing),
            ("fail", "fail", Standing::Unverified)
        );
        let elsewhere = check(&checks, &envelope("192.0.2.7", "x@plain.example"), MAIL);
        assert_eq!((elsewhere.spf.as_str(), elsewhere.standing), ("pass", Standing::Unverified));
        let without = MAIL.replace("portal.example", "plain.example");
        let plain = check(&checks, &envelope("192.0.2.7", "x@plain.example"), &without);
        assert_eq!((plain.dmarc.as_str(), plain.standing), ("none", Standing::Verified));
        // Behind a mail server of ours nothing is told by its address.
        let relayed = check(&checks, &envelope("127.0.0.1", "bounce@portal.example"), MAIL);
        assert_eq!((relayed.spf.as_str(), relayed.standing), ("none", Standing::Unknown));
    }

    #[test]
    fn what_is_no_mail_or_names_two_senders_is_nobodys() {
        let checks = SenderChecks::of_server("mx.example.com", name_server(TEXTS)).unwrap();
        for raw in [
            "",
            "no mail",
            "From: a@portal.example, b@other.example\r\n\r\nx",
            "From: nobody\r\nDKIM-Signature: v=1; rubbish\r\n\r\n",
        ] {
            let trust = check(&checks, &envelope("192.0.2.7", ""), raw);
            assert_ne!(trust.standing, Standing::Verified, "{raw:?}");
        }
    }

    #[test]
    fn name_servers_that_are_silent_hold_nothing_up_for_long() {
        let silent = UdpSocket::bind("127.0.0.1:0").unwrap();
        let checks = SenderChecks::of_server("mx.example.com", silent.local_addr().unwrap()).unwrap();
        let trust = check(&checks, &envelope("203.0.113.9", "bounce@portal.example"), MAIL);
        assert_eq!(trust.standing, Standing::Unknown);
    }

    #[test]
    fn domains_are_aligned_within_one_another() {
        for (one, other) in
            [("zillow.com", "zillow.com"), ("convo.zillow.com", "zillow.com"), ("Zillow.com", "mail.zillow.com")]
        {
            assert!(is_aligned(one, other));
        }
        for (one, other) in
            [("evilzillow.com", "zillow.com"), ("com", "zillow.com"), ("", ""), ("zillow.com.example", "zillow.com")]
        {
            assert!(!is_aligned(one, other), "{one} {other}");
        }
    }
}
