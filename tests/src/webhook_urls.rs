//! Where webhooks may go, as the real binary has it: rows W1 to W4 and W8 to W10 of the catalogue in docs/security.md, through the
//! API and by `webhook create`, with and without an allow list.

use std::net::TcpListener;

use serde_json::json;
use testkit::{
    Caller, Engine, block_on,
    process::{Home, Server},
};

const NONE: &str = "";
const LOOPBACK: &str = "127.0.0.0/8,::1/128";

/// A server with an agent, and commands with the same settings.
struct Desk {
    home: Home,
    settings: Vec<(&'static str, String)>,
    server: Server,
    api: Caller,
}

impl Desk {
    fn start(engine: Engine, allow: &str, listen: &str) -> Self {
        let home = Home::new(engine);
        let slug =
            home.place.output_of(&["agent", "create", "--name", "Sarah Johnson", "--email", "sarah@example.com"]);
        let key = home.place.output_of(&["key", "create", "--agent", &slug, "--name", "Test"]);
        let settings =
            vec![("ORGANICAGENT_WEBHOOK_ALLOW", allow.to_owned()), ("ORGANICAGENT_LISTEN", listen.to_owned())];
        let given = settings.iter().map(|(name, value)| (*name, value.as_str())).collect::<Vec<_>>();
        let server = home.place.serve_with(&given);
        let api = Caller::new(&format!("http://127.0.0.1:{}", port(&server))).with_key(&key);
        Self { home, settings, server, api }
    }

    /// The status of the API, and whether the command makes the webhook.
    async fn ask(&self, url: &str) -> (u16, bool) {
        let answer = self.api.post("/api/v1/webhooks", &json!({"url": url})).await;
        if answer.status == 400 {
            assert_eq!(answer.json()["errors"][0]["field"], "url", "{url:?}: {}", answer.text());
        }
        let mut command = self.home.place.command(&["webhook", "create", "--agent", "sarah-johnson", "--url", url]);
        let output = command.envs(self.settings.iter().map(|(name, value)| (*name, value.as_str()))).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success() || said.contains("url"), "{url:?}: {said}");
        (answer.status, output.status.success())
    }

    async fn refuses(&self, urls: &[&str]) {
        for url in urls {
            assert_eq!(self.ask(url).await, (400, false), "{url:?} with {:?}", self.settings);
        }
    }

    async fn takes(&self, urls: &[&str]) {
        for url in urls {
            assert_eq!(self.ask(url).await, (201, true), "{url:?} with {:?}", self.settings);
        }
    }
}

fn port(server: &Server) -> u16 {
    server.base.rsplit_once(':').unwrap().1.parse().unwrap()
}

/// A port that nobody listens on just now: the command is told the same one as the server.
fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// Each row on both engines.
macro_rules! rows {
    ($($(#[$meta:meta])* async fn $name:ident($engine:ident: Engine) $body:block)*) => {$(
        $(#[$meta])*
        mod $name {
            use super::*;

            async fn run($engine: Engine) $body

            #[test]
            fn sqlite() {
                block_on(run(Engine::Sqlite));
            }

            #[test]
            fn postgres() {
                block_on(run(Engine::Postgres));
            }
        }
    )*};
}

/// Refused by a server without an allow list, and by one that allows this machine.
async fn refused_always(engine: Engine, urls: &[&str]) {
    for allow in [NONE, LOOPBACK] {
        Desk::start(engine, allow, "127.0.0.1:0").refuses(urls).await;
    }
}

/// Refused unless this machine is allowed.
async fn refused_unless_allowed(engine: Engine, urls: &[&str]) {
    Desk::start(engine, NONE, "127.0.0.1:0").refuses(urls).await;
    Desk::start(engine, LOOPBACK, "127.0.0.1:0").takes(urls).await;
}

rows! {
    async fn w1_this_machine(engine: Engine) {
        refused_unless_allowed(engine, &["https://localhost/", "http://a.localhost:25/", "https://[::1]/", "http://127.0.0.1:9/"]).await;
        refused_always(engine, &["https://0.0.0.0/", "https://[::]/"]).await;
    }

    async fn w2_cloud_metadata(engine: Engine) {
        refused_always(engine, &["https://169.254.169.254/latest", "http://169.254.169.254/", "https://[fd00:ec2::254]/"]).await;
    }

    async fn w3_other_spellings_of_an_address(engine: Engine) {
        refused_unless_allowed(engine, &["https://2130706433/", "https://0177.0.0.1/", "https://0x7f.1/", "https://127.1/", "https://%31%32%37.0.0.1/"]).await;
        refused_always(engine, &["https://2852039166/", "https://0xa9fea9fe/", "https://0/"]).await;
    }

    async fn w4_ipv4_inside_ipv6(engine: Engine) {
        refused_always(engine, &["https://[::ffff:127.0.0.1]/", "https://[::127.0.0.1]/", "https://[2002:7f00:1::]/", "https://[64:ff9b::8.8.8.8]/"]).await;
    }

    async fn w8_user_info_and_backslashes(engine: Engine) {
        refused_always(engine, &["https://user:secret@example.com/", "https://@example.com/", "https://example.com\\@127.0.0.1/", "https://example.com#@127.0.0.1/", "http://u@127.0.0.1/"]).await;
    }

    async fn w9_schemes_and_ports(engine: Engine) {
        let wrong = ["file:///etc/passwd", "gopher://example.com/", "https://example.com:25/", "https://8.8.8.8:25/", "http://example.com/", "http://8.8.8.8/", "http://receiver:9000/", "https://receiver:81/"];
        refused_always(engine, &wrong).await;
        for allow in [NONE, LOOPBACK] {
            let desk = Desk::start(engine, allow, "127.0.0.1:0");
            desk.takes(&["https://example.com/", "https://example.com:80/", "https://example.com:1024/", "https://receiver/"]).await;
        }
    }

    async fn w10_the_server_itself_on_a_port_that_it_picked(engine: Engine) {
        for allow in [NONE, LOOPBACK] {
            let desk = Desk::start(engine, allow, "127.0.0.1:0");
            let port = port(&desk.server);
            for host in ["127.0.0.1", "localhost", "a.localhost", "127.1", "2130706433"] {
                for scheme in ["http", "https"] {
                    let url = format!("{scheme}://{host}:{port}/api/v1/leads");
                    let answer = desk.api.post("/api/v1/webhooks", &json!({"url": url})).await.expect(400);
                    assert!(allow == NONE || answer.text().contains("points to OrganicAgent itself"), "{}", answer.text());
                }
            }
        }
    }

    async fn w10_the_server_itself_on_every_address_of_the_machine(engine: Engine) {
        let port = free_port();
        let desk = Desk::start(engine, "0.0.0.0/0,::/0", &format!("0.0.0.0:{port}"));
        // The interface to the outside, where there is one: nothing is sent by this.
        let socket = std::net::UdpSocket::bind("0.0.0.0:0").unwrap();
        let outer = socket.connect("192.0.2.1:9").and_then(|()| socket.local_addr()).map(|address| address.ip().to_string());
        for host in ["127.0.0.1", "127.0.0.2", "localhost", "0.0.0.0"].into_iter().chain(outer.as_deref().ok()) {
            desk.refuses(&[&format!("http://{host}:{port}/")]).await;
            desk.takes(&[&format!("http://{host}:{}/", port ^ 1)]).await;
        }
        desk.takes(&[&format!("http://192.0.2.1:{port}/")]).await;
    }
}
