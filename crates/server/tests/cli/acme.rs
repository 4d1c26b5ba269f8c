//! Certificates of a certificate authority and agents' own domains: Debian's `pebble` is the authority, its `pebble-challtestsrv` the
//! name server that it asks.

use std::{
    fs,
    net::{TcpListener, TcpStream},
    process::{Child, Command, Stdio},
};

use crate::{
    desk::{Desk, Serving, answer, text},
    tls::{certify, get, get_named},
};

/// A process that ends with this value.
struct Beside(Child);

impl Drop for Beside {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn start(command: &mut Command) -> Beside {
    let child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
    Beside(child.expect("pebble is not installed: apt-get install pebble (./test does it)"))
}

/// Ports that were free a moment ago.
fn free_ports<const N: usize>() -> [u16; N] {
    let listeners = [(); N].map(|()| TcpListener::bind("127.0.0.1:0").unwrap());
    listeners.map(|listener| listener.local_addr().unwrap().port())
}

/// What a host without TLS is answered at a path.
fn plain(server: &Serving, host: &str, path: &str) -> (u16, String) {
    use std::io::Write;
    let mut stream = TcpStream::connect(&server.address).unwrap();
    write!(stream, "GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n").unwrap();
    answer(&mut stream)
}

#[test]
fn a_domain_is_seen_to_lead_here_and_gets_a_certificate_by_itself() {
    let desk = Desk::new();
    desk.agent();
    let trusted = certify(&desk);
    let [port, dns, directory, management] = free_ports();
    let _names = start(Command::new("pebble-challtestsrv").args([
        "-dns01",
        &format!("127.0.0.1:{dns}"),
        "-http01",
        "",
        "-https01",
        "",
        "-tlsalpn01",
        "",
        "-management",
        "127.0.0.1:0",
        "-defaultIPv4",
        "127.0.0.1",
        "-defaultIPv6",
        "",
    ]));
    let config = format!(
        r#"{{"pebble": {{"listenAddress": "127.0.0.1:{directory}", "managementListenAddress": "127.0.0.1:{management}",
            "certificate": "cert.pem", "privateKey": "key.pem", "httpPort": 9, "tlsPort": {port},
            "ocspResponderURL": "", "externalAccountBindingRequired": false}}}}"#
    );
    fs::write(desk.path("pebble.json"), config).unwrap();
    let _authority = start(
        Command::new("pebble")
            .args(["-config", "pebble.json", "-dnsserver", &format!("127.0.0.1:{dns}")])
            .env("PEBBLE_VA_NOSLEEP", "1")
            .current_dir(desk.path("")),
    );
    while TcpStream::connect(("127.0.0.1", directory)).is_err() {
        std::thread::yield_now();
    }
    assert_eq!(
        desk.ok(&["domain", "add", "--agent", "sarah-johnson", "https://Sarah.localhost/"]),
        "sarah.localhost\n"
    );
    let server = desk.serve(&[
        "--listen",
        &format!("127.0.0.1:{port}"),
        "--public-url",
        &format!("https://office.localhost:{port}"),
        "--webhook-allow",
        "127.0.0.0/8",
        "--acme",
        "ops@example.com",
        "--acme-roots",
        "cert.pem",
        "--acme-directory",
        &format!("https://localhost:{directory}/dir"),
    ]);
    let root = get(&format!("127.0.0.1:{management}"), &trusted, "/roots/0").unwrap();
    let root = root.split_once("\r\n\r\n").unwrap().1.to_owned();
    fs::write(desk.path("root.pem"), &root).unwrap();

    // Both names get one, and each client that of the name it asks for.
    for name in ["office.localhost", "sarah.localhost"] {
        let asked = || get_named(&server.address, root.as_bytes(), name, "/healthz");
        let page = std::iter::repeat_with(asked).find_map(Result::ok).unwrap();
        assert!(page.starts_with("HTTP/1.1 200 OK\r\n"), "{name}: {page}");
    }
    let told = desk.ok(&["domain", "list", "--agent", "sarah-johnson"]);
    assert_eq!(told, "sarah.localhost\tleads here, has a certificate\n");

    // The website is there, and nothing else of the server.
    let home = get_named(&server.address, root.as_bytes(), "sarah.localhost", "/").unwrap();
    assert!(home.starts_with("HTTP/1.1 200 OK\r\n") && home.contains("Sarah Johnson"), "{home}");
    for path in ["/login", "/dashboard", "/api/v1/leads", "/docs", "/metrics"] {
        let answer = get_named(&server.address, root.as_bytes(), "sarah.localhost", path).unwrap();
        assert!(answer.starts_with("HTTP/1.1 404 "), "{path}: {answer}");
    }
    let host = format!("sarah.localhost:{port}");
    assert_eq!(plain(&server, &host, "/listings").0, 308);
    assert_eq!(plain(&server, "other.localhost.example", "/listings").0, 404);

    // Removed it leads nowhere.
    desk.ok(&["domain", "remove", "--agent", "sarah-johnson", "sarah.localhost"]);
    while plain(&server, &host, "/listings").0 != 404 {
        std::thread::yield_now();
    }
    let told = text(&desk.run(&["domain", "remove", "--agent", "sarah-johnson", "sarah.localhost"]).stderr);
    assert!(told.contains("sarah-johnson has no domain sarah.localhost"), "{told}");
}

#[test]
fn a_name_that_leads_elsewhere_is_told_why_and_shows_nothing() {
    let desk = Desk::new();
    desk.agent();
    let elsewhere = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = elsewhere.local_addr().unwrap().port();
    std::thread::spawn(move || {
        use std::io::{Read, Write};
        for stream in elsewhere.incoming() {
            let mut stream = stream.unwrap();
            let mut request = [0; 4096];
            let _ = stream.read(&mut request);
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\nanother");
        }
    });
    desk.ok(&["domain", "add", "--agent", "sarah-johnson", "sarah.localhost"]);
    // The name leads to the port of the public URL, where somebody else listens.
    let server =
        desk.serve(&["--public-url", &format!("http://office.localhost:{port}"), "--webhook-allow", "127.0.0.0/8"]);
    let told = || desk.ok(&["domain", "list", "--agent", "sarah-johnson"]);
    let told = std::iter::repeat_with(told).find(|told| !told.contains("not looked at yet")).unwrap();
    assert_eq!(told, "sarah.localhost\tdoes not lead here: another server answers at this name\n");
    assert_eq!(plain(&server, "sarah.localhost", "/").0, 404);
    for name in ["localhost", "127.0.0.1", "office.localhost", "a b"] {
        let arguments = ["domain", "add", "--agent", "sarah-johnson", name, "--public-url", "http://office.localhost"];
        assert!(desk.fails(&arguments).contains("name: "), "{name}");
    }
}
