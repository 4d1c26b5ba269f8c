//! `organicagent serve` over TLS, with the operator's certificate.

use std::{
    fs,
    io::{Read, Write},
    net::TcpStream,
    sync::Arc,
    time::Duration,
};

use rcgen::{CertifiedKey, generate_simple_self_signed};
use rustls::{
    ClientConfig, ClientConnection, RootCertStore, StreamOwned,
    crypto::aws_lc_rs,
    pki_types::{CertificateDer, ServerName, pem::PemObject},
};

use crate::desk::{Desk, text};

/// Writes a new certificate for `localhost` and its key; returns the certificate.
pub(crate) fn certify(desk: &Desk) -> CertificateDer<'static> {
    let CertifiedKey { cert, signing_key } = generate_simple_self_signed([String::from("localhost")]).unwrap();
    fs::write(desk.path("cert.pem"), cert.pem()).unwrap();
    fs::write(desk.path("key.pem"), signing_key.serialize_pem()).unwrap();
    CertificateDer::from_pem_slice(cert.pem().as_bytes()).unwrap()
}

/// A connection whose client trusts these certificates alone, asks for a name and offers these protocols.
fn connect(
    address: &str,
    trusted: &[CertificateDer<'static>],
    name: &str,
    protocols: &[&[u8]],
) -> StreamOwned<ClientConnection, TcpStream> {
    let mut roots = RootCertStore::empty();
    for certificate in trusted {
        roots.add(certificate.clone()).unwrap();
    }
    let config = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()));
    let config = config.with_safe_default_protocol_versions().unwrap();
    let mut config = config.with_root_certificates(roots).with_no_client_auth();
    config.alpn_protocols = protocols.iter().map(|protocol| protocol.to_vec()).collect();
    let name = ServerName::try_from(name.to_owned()).unwrap();
    let stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    StreamOwned::new(ClientConnection::new(Arc::new(config), name).unwrap(), stream)
}

/// What a request over TLS for `localhost` is answered, or why there is no TLS.
pub(crate) fn get(address: &str, trusted: &CertificateDer<'static>, path: &str) -> Result<String, String> {
    ask(connect(address, std::slice::from_ref(trusted), "localhost", &[b"http/1.1"]), "localhost", path)
}

/// The same for another name, by a client that trusts what is in a PEM file.
pub(crate) fn get_named(address: &str, trusted: &[u8], name: &str, path: &str) -> Result<String, String> {
    let trusted: Vec<_> = CertificateDer::pem_slice_iter(trusted).map(Result::unwrap).collect();
    ask(connect(address, &trusted, name, &[b"http/1.1"]), name, path)
}

fn ask(mut stream: StreamOwned<ClientConnection, TcpStream>, host: &str, path: &str) -> Result<String, String> {
    let request = format!("GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).map_err(|error| error.to_string())?;
    let mut answer = Vec::new();
    // Not every server says that it ends.
    match stream.read_to_end(&mut answer) {
        Err(error) if answer.is_empty() => Err(error.to_string()),
        _ => Ok(String::from_utf8_lossy(&answer).into_owned()),
    }
}

#[test]
fn the_server_speaks_https_and_shows_the_way_there() {
    let desk = Desk::new();
    let certificate = certify(&desk);
    let server = desk.serve(&["--tls-cert", "cert.pem", "--tls-key", "key.pem"]);
    let page = get(&server.address, &certificate, "/login").unwrap();
    assert!(page.starts_with("HTTP/1.1 200 OK\r\n"), "{page}");
    assert!(page.contains("\r\nstrict-transport-security: max-age="), "{page}");

    // HTTP/2 where it is offered.
    let mut stream = connect(&server.address, std::slice::from_ref(&certificate), "localhost", &[b"h2", b"http/1.1"]);
    stream.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0").unwrap();
    let mut frame = [0; 9];
    stream.read_exact(&mut frame).unwrap();
    assert_eq!(frame[3], 4, "a SETTINGS frame comes first");
    assert_eq!(stream.conn.alpn_protocol(), Some(&b"h2"[..]));

    // Plain HTTP at the same port is sent to the same page, and nothing else is there for it.
    let mut plain = TcpStream::connect(&server.address).unwrap();
    plain.write_all(b"GET /login?next=%2Fx HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    plain.read_to_string(&mut answer).unwrap();
    let port = server.address.rsplit_once(':').unwrap().1;
    assert!(answer.starts_with("HTTP/1.1 308 "), "{answer}");
    assert!(answer.contains(&format!("\r\nlocation: https://localhost:{port}/login?next=%2Fx\r\n")), "{answer}");
    assert_eq!(server.get("/healthz", "").0, 200);
    assert_eq!(server.get("/api/v1/leads", "").0, 308);
}

#[test]
fn a_renewed_certificate_is_taken_without_a_restart_and_a_torn_one_is_not() {
    let desk = Desk::new();
    let first = certify(&desk);
    let server = desk.serve(&["--tls-cert", "cert.pem", "--tls-key", "key.pem"]);
    get(&server.address, &first, "/healthz").unwrap();
    fs::write(desk.path("key.pem"), "half a key").unwrap();
    let second = certify(&desk);
    // Whoever trusts only the new one gets through once the server has looked.
    let answer = std::iter::repeat_with(|| get(&server.address, &second, "/healthz")).find_map(Result::ok).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"));
    get(&server.address, &first, "/healthz").unwrap_err();
}

#[test]
fn a_pair_that_does_not_fit_is_told_at_the_start() {
    let desk = Desk::new();
    certify(&desk);
    let serve = ["serve", "--listen", "127.0.0.1:0", "--tls-cert", "cert.pem", "--tls-key"];
    let told = desk.fails(&[&serve[..], &["none.pem"]].concat());
    assert!(told.contains("none.pem: No such file"), "{told}");
    fs::copy(desk.path("key.pem"), desk.path("other.pem")).unwrap();
    certify(&desk);
    let told = desk.fails(&[&serve[..], &["other.pem"]].concat());
    assert!(told.contains("cert.pem and ") && told.contains("other.pem: "), "{told}");
    let told = text(&desk.run(&["config", "--tls-cert", "cert.pem"]).stderr);
    assert!(told.contains("ORGANICAGENT_TLS_CERT and ORGANICAGENT_TLS_KEY go together"), "{told}");
}
