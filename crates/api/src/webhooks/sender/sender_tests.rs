//! Sends to real sockets of this machine, and to names that lead wherever a test says.

use std::io::{BufRead as _, BufReader, Read, Write};
use std::net::{IpAddr, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, mpsc};
use std::thread;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

use super::*;

const THIS_MACHINE: &str = "127.0.0.0/8";

/// Enough for what answers at once.
const PATIENT: Duration = Duration::from_secs(30);

/// For what never answers.
const IMPATIENT: Duration = Duration::from_millis(200);

const NO_CONTENT: &str = "HTTP/1.1 204 No Content\r\n\r\n";

/// A server that serves one connection after another, and tells the requests.
struct Endpoint {
    address: SocketAddr,
    requests: mpsc::Receiver<String>,
    connections: Arc<AtomicUsize>,
}

impl Endpoint {
    fn start(serve: impl Fn(TcpStream, &mpsc::Sender<String>) + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let connections = Arc::<AtomicUsize>::default();
        let (told, requests) = mpsc::channel();
        let counted = connections.clone();
        thread::spawn(move || {
            for connection in listener.incoming() {
                counted.fetch_add(1, Ordering::SeqCst);
                serve(connection.unwrap(), &told);
            }
        });
        Self { address, requests, connections }
    }

    /// Gives every request this answer.
    fn answering(answer: impl Into<String>) -> Self {
        let answer = answer.into();
        Self::start(move |connection, told| answer_all(connection, &answer, told))
    }

    fn url(&self, scheme: &str, host: &str) -> String {
        format!("{scheme}://{host}:{}/hooks?a=b", self.address.port())
    }

    fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }
}

fn answer_all(connection: impl Read + Write, answer: &str, told: &mpsc::Sender<String>) {
    let mut connection = BufReader::new(connection);
    while let Some(request) = read_request(&mut connection) {
        let _ended = told.send(request);
        if connection.get_mut().write_all(answer.as_bytes()).is_err() {
            return;
        }
    }
}

fn read_request(connection: &mut BufReader<impl Read>) -> Option<String> {
    let mut request = String::new();
    while !request.ends_with("\r\n\r\n") {
        connection.read_line(&mut request).ok().filter(|read| *read > 0)?;
    }
    let length = request.lines().find_map(|line| line.strip_prefix("content-length: "))?.parse().ok()?;
    let mut body = vec![0; length];
    connection.read_exact(&mut body).ok()?;
    Some(request + &String::from_utf8(body).ok()?)
}

/// A name service that gives these answers in turn, the last one for ever.
fn names(answers: &'static [&'static [&'static str]]) -> (LookUp, Arc<AtomicUsize>) {
    let asked = Arc::<AtomicUsize>::default();
    let counted = asked.clone();
    let look_up: LookUp = Arc::new(move |_| {
        let answer = answers[counted.fetch_add(1, Ordering::SeqCst).min(answers.len() - 1)];
        let addresses = answer.iter().map(|address| address.parse::<IpAddr>().unwrap()).collect();
        Box::pin(async { Ok(addresses) })
    });
    (look_up, asked)
}

fn sender(opened: &[&str], look_up: &LookUp, limit: Duration) -> Sender {
    let opened: Vec<_> = opened.iter().map(|network| network.parse().unwrap()).collect();
    Sender::with(&opened, look_up, authorities(HOOKS_CERTIFICATE), limit).unwrap()
}

fn plain_sender() -> Sender {
    sender(&[THIS_MACHINE], &connector::system_look_up(), PATIENT)
}

async fn post(sender: &Sender, url: &str) -> Outcome {
    let body = Bytes::from_static(br#"{"test":1}"#);
    let message = Message { url, id: "msg_1", sent_at: 1_445_412_480, signatures: "v1,one v1,two", body };
    sender.post(&message).await.outcome
}

fn answered(status: u16, body: &str) -> Outcome {
    Outcome::Answered { status, retry_after: None, body: body.to_owned() }
}

#[tokio::test]
async fn a_message_arrives_with_its_headers() {
    let endpoint = Endpoint::answering("HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nfine");
    let outcome = post(&plain_sender(), &endpoint.url("http", "127.0.0.1")).await;
    assert_eq!(outcome, answered(200, "fine"));
    let request = endpoint.requests.recv().unwrap();
    let (head, body) = request.split_once("\r\n\r\n").unwrap();
    assert_eq!(body, r#"{"test":1}"#);
    let mut lines: Vec<_> = head.lines().collect();
    assert_eq!(lines.remove(0), "POST /hooks?a=b HTTP/1.1");
    lines.sort_unstable();
    let expected = [
        "content-length: 10".to_owned(),
        "content-type: application/json".to_owned(),
        format!("host: {}", endpoint.address),
        format!("user-agent: Denizen/{}", env!("CARGO_PKG_VERSION")),
        "webhook-id: msg_1".to_owned(),
        "webhook-signature: v1,one v1,two".to_owned(),
        "webhook-timestamp: 1445412480".to_owned(),
    ];
    assert_eq!(lines, expected);
}

#[tokio::test]
async fn messages_share_a_connection() {
    let endpoint = Endpoint::answering(NO_CONTENT);
    let sender = plain_sender();
    for _ in 0..3 {
        assert_eq!(post(&sender, &endpoint.url("http", "127.0.0.1")).await, answered(204, ""));
        endpoint.requests.recv().unwrap();
    }
    assert_eq!(endpoint.connections(), 1);
}

#[tokio::test]
async fn a_redirect_is_an_answer() {
    let elsewhere = Endpoint::answering(NO_CONTENT);
    let location = elsewhere.url("http", "127.0.0.1");
    for status in [301, 302, 303, 307, 308] {
        let answer = format!("HTTP/1.1 {status} Moved\r\nlocation: {location}\r\ncontent-length: 0\r\n\r\n");
        let endpoint = Endpoint::answering(answer);
        let outcome = post(&plain_sender(), &endpoint.url("http", "127.0.0.1")).await;
        assert_eq!(outcome, answered(status, ""));
    }
    assert_eq!(elsewhere.connections(), 0);
}

#[tokio::test]
async fn an_endpoint_can_ask_to_wait() {
    for (text, seconds) in [("90", 90), ("Wed, 21 Oct 2015 07:30:00 GMT", 120)] {
        let answer = format!("HTTP/1.1 503 Busy\r\nretry-after: {text}\r\ncontent-length: 0\r\n\r\n");
        let endpoint = Endpoint::answering(answer);
        let outcome = post(&plain_sender(), &endpoint.url("http", "127.0.0.1")).await;
        let retry_after = Some(Duration::from_secs(seconds));
        assert_eq!(outcome, Outcome::Answered { status: 503, retry_after, body: String::new() });
    }
}

#[tokio::test]
async fn a_silent_endpoint_fails_in_time() {
    let endpoint = Endpoint::answering("");
    let sender = sender(&[THIS_MACHINE], &connector::system_look_up(), IMPATIENT);
    let outcome = post(&sender, &endpoint.url("http", "127.0.0.1")).await;
    assert_eq!(outcome, Outcome::Failed(FailureReason::TimedOut(IMPATIENT)));
    assert_eq!(FailureReason::TimedOut(IMPATIENT).to_string(), "no answer within 0.2 s");
    assert_eq!(FailureReason::TimedOut(LIMIT).to_string(), "no answer within 15 s");
}

#[tokio::test]
async fn a_status_counts_although_the_body_is_late() {
    let endpoint = Endpoint::answering("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nsome");
    let sender = sender(&[THIS_MACHINE], &connector::system_look_up(), IMPATIENT);
    let outcome = post(&sender, &endpoint.url("http", "127.0.0.1")).await;
    assert_eq!(outcome, answered(200, "some"));
}

// The connection is closed by a task of its own, while the test waits for the endpoint to notice.
#[tokio::test(flavor = "multi_thread")]
async fn an_endless_body_is_cut_and_its_connection_closed() {
    let endpoint = Endpoint::start(|mut connection, told| {
        read_request(&mut BufReader::new(&connection)).unwrap();
        let mut answer = "HTTP/1.1 200 OK\r\n\r\n".to_owned();
        while connection.write_all(answer.as_bytes()).is_ok() {
            answer = "a".repeat(10_000);
        }
        let _ended = told.send("closed".to_owned());
    });
    let outcome = post(&plain_sender(), &endpoint.url("http", "127.0.0.1")).await;
    assert_eq!(outcome, answered(200, &"a".repeat(1_024)));
    assert_eq!(endpoint.requests.recv_timeout(PATIENT).as_deref(), Ok("closed"));
}

#[tokio::test]
async fn what_is_not_an_answer_fails() {
    let endless_headers = format!("HTTP/1.1 200 OK\r\nx-long: {}", "a".repeat(BUFFER));
    for (answer, reason) in
        [("220 mail.example SMTP\r\n", FailureReason::NotHttp), (&endless_headers, FailureReason::NotHttp)]
    {
        let endpoint = Endpoint::answering(answer);
        let outcome = post(&plain_sender(), &endpoint.url("http", "127.0.0.1")).await;
        assert_eq!(outcome, Outcome::Failed(reason));
    }
    let closing = Endpoint::start(|connection, told| {
        let _ended = told.send(read_request(&mut BufReader::new(connection)).unwrap());
    });
    let outcome = post(&plain_sender(), &closing.url("http", "127.0.0.1")).await;
    assert_eq!(outcome, Outcome::Failed(FailureReason::Closed));
    let free_port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let outcome = post(&plain_sender(), &format!("http://{free_port}/")).await;
    assert_eq!(outcome, Outcome::Failed(FailureReason::Refused));
    let outcome = post(&plain_sender(), "no URL").await;
    assert_eq!(outcome, Outcome::Failed(FailureReason::InvalidRequest));
}

#[tokio::test]
async fn an_address_in_the_url_is_checked_in_any_spelling() {
    let endpoint = Endpoint::answering(NO_CONTENT);
    let (look_up, asked) = names(&[&["127.0.0.1"]]);
    let sender = sender(&["10.0.0.0/8"], &look_up, PATIENT);
    for host in ["127.0.0.1", "2130706433", "0x7f.1", "0177.1", "[::1]", "[::ffff:7f00:1]", "[2002:7f00:1::]"]
    {
        for scheme in ["http", "https"] {
            let outcome = post(&sender, &endpoint.url(scheme, host)).await;
            let Outcome::Failed(FailureReason::PrivateAddress(_)) = outcome else {
                panic!("{scheme}://{host}: {outcome:?}")
            };
        }
    }
    assert_eq!((endpoint.connections(), asked.load(Ordering::SeqCst)), (0, 0));
}

#[tokio::test]
async fn a_name_that_leads_inside_is_refused() {
    let refused = || Outcome::Failed(FailureReason::PrivateHost("hooks.example".to_owned()));
    let endpoint = Endpoint::answering(NO_CONTENT);
    for (look_up, outcome) in [
        (names(&[&["127.0.0.1"]]), refused()),
        (names(&[&["93.184.215.14", "127.0.0.1"]]), refused()),
        (names(&[&["::ffff:127.0.0.1"]]), refused()),
        (names(&[&[]]), Outcome::Failed(FailureReason::UnknownHost("hooks.example".to_owned()))),
    ] {
        let sender = sender(&[], &look_up.0, PATIENT);
        assert_eq!(post(&sender, &endpoint.url("https", "hooks.example")).await, outcome);
    }
    let sender = sender(&["10.0.0.0/8"], &names(&[&["93.184.215.14"]]).0, PATIENT);
    let outcome = post(&sender, "http://hooks.example/").await;
    assert_eq!(outcome, Outcome::Failed(FailureReason::PlainText));
    assert_eq!(endpoint.connections(), 0);
}

#[tokio::test]
async fn a_connection_leads_to_the_address_that_was_checked() {
    let endpoint = Endpoint::answering(NO_CONTENT);
    let (look_up, asked) = names(&[&["127.0.0.1"], &["10.0.0.1"]]);
    let sender = sender(&[THIS_MACHINE], &look_up, PATIENT);
    for _ in 0..2 {
        let outcome = post(&sender, &endpoint.url("http", "hooks.example")).await;
        assert_eq!(outcome, answered(204, ""));
    }
    assert_eq!((endpoint.connections(), asked.load(Ordering::SeqCst)), (1, 1));
}

#[tokio::test]
async fn a_name_that_changes_after_the_check_does_not_lead_inside() {
    let endpoint = Endpoint::answering(NO_CONTENT);
    // Public, but given to nobody: no packet arrives anywhere.
    let (look_up, asked) = names(&[&["3ffe::1"], &["127.0.0.1"]]);
    let sender = sender(&[], &look_up, IMPATIENT);
    let url = endpoint.url("https", "hooks.example");
    let Outcome::Failed(reason) = post(&sender, &url).await else { panic!("an answer from nobody") };
    assert_ne!(reason, FailureReason::PrivateHost("hooks.example".to_owned()));
    assert_eq!(asked.load(Ordering::SeqCst), 1);
    // The next attempt checks the new address.
    let outcome = post(&sender, &url).await;
    assert_eq!(outcome, Outcome::Failed(FailureReason::PrivateHost("hooks.example".to_owned())));
    assert_eq!((endpoint.connections(), asked.load(Ordering::SeqCst)), (0, 2));
}

#[tokio::test]
async fn https_needs_a_certificate_that_is_valid_for_the_host() {
    let config = Arc::new(tls_server());
    let endpoint = Endpoint::start(move |connection, told| {
        let tls = ServerConnection::new(config.clone()).unwrap();
        answer_all(StreamOwned::new(tls, connection), NO_CONTENT, told);
    });
    let post_to = async |host: &str, authorities: RootCertStore| {
        let opened = [THIS_MACHINE.parse().unwrap()];
        let sender = Sender::with(&opened, &names(&[&["127.0.0.1"]]).0, authorities, PATIENT).unwrap();
        post(&sender, &endpoint.url("https", host)).await
    };
    assert_eq!(post_to("hooks.example", authorities(HOOKS_CERTIFICATE)).await, answered(204, ""));
    for (host, authorities, reason) in [
        ("other.example", authorities(HOOKS_CERTIFICATE), "the certificate is for another host"),
        (
            "hooks.example",
            authorities(OTHER_CERTIFICATE),
            "the certificate comes from an authority that is not trusted",
        ),
        (
            "hooks.example",
            RootCertStore::empty(),
            "no certificate can be checked: the server knows no authorities",
        ),
    ] {
        let Outcome::Failed(failure) = post_to(host, authorities).await else { panic!("{reason}") };
        assert_eq!(failure.to_string(), reason);
    }
    let plain = Endpoint::answering("HTTP/1.1 200 OK\r\n\r\n".repeat(2));
    let sender = sender(&[THIS_MACHINE], &names(&[&["127.0.0.1"]]).0, IMPATIENT);
    let outcome = post(&sender, &plain.url("https", "hooks.example")).await;
    assert!(matches!(outcome, Outcome::Failed(_)), "{outcome:?}");
}

#[tokio::test]
async fn a_sender_with_the_systems_authorities_starts() {
    assert!(Sender::new(&[]).is_ok());
}

/// For `hooks.example` until 2120, signed by itself, with its key; and the same for `other.example`.
const HOOKS_KEY: &str = "MC4CAQAwBQYDK2VwBCIEIBqv5lWtYX2dM12vCr2iT5oeVJgUKC/RUyMaXcZ+k/wr";
const HOOKS_CERTIFICATE: &str = "\
    MIIBGTCBzKADAgECAgEBMAUGAytlcDAQMQ4wDAYDVQQDDAVob29rczAgFw0yMDAx\
    MDEwMDAwMDBaGA8yMTIwMDEwMTAwMDAwMFowEDEOMAwGA1UEAwwFaG9va3MwKjAF\
    BgMrZXADIQDampjm/+gj7QivaBBHZ66bF+0s5Gx6Ao5rcLnNgPzMLqNJMEcwGAYD\
    VR0RBBEwD4INaG9va3MuZXhhbXBsZTAMBgNVHRMBAf8EAjAAMB0GA1UdDgQWBBQl\
    lvW9bxjgV3lUls0XXlyXWIbbDjAFBgMrZXADQQBRErzC6JeBLJTcL4h+p7GPSisl\
    5e6c9bIFJ0MF9MCCw+pS1dZibU1q7EoI55WKO7AfxCirv4T/M39ymtKUIl4F";
const OTHER_CERTIFICATE: &str = "\
    MIIBGTCBzKADAgECAgEBMAUGAytlcDAQMQ4wDAYDVQQDDAVvdGhlcjAgFw0yMDAx\
    MDEwMDAwMDBaGA8yMTIwMDEwMTAwMDAwMFowEDEOMAwGA1UEAwwFb3RoZXIwKjAF\
    BgMrZXADIQCgTAuf9JcwFcQX/r5z9yVOV170TIrFppT3oW1woasmp6NJMEcwGAYD\
    VR0RBBEwD4INb3RoZXIuZXhhbXBsZTAMBgNVHRMBAf8EAjAAMB0GA1UdDgQWBBRS\
    Mudl3OwY5sKVt0TGSzNzogkVozAFBgMrZXADQQACl4GcW7ls2Qq/OjJahN3vV/oC\
    aqeNhYYPAuEoFWnyICRuVs/NdzXOjw0B3+LN470NKq3/mop3FA2rVl3YRO0P";

fn certificate(text: &str) -> CertificateDer<'static> {
    STANDARD.decode(text).unwrap().into()
}

fn authorities(text: &str) -> RootCertStore {
    let mut authorities = RootCertStore::empty();
    authorities.add(certificate(text)).unwrap();
    authorities
}

fn tls_server() -> ServerConfig {
    let key = PrivateKeyDer::Pkcs8(STANDARD.decode(HOOKS_KEY).unwrap().into());
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    config.with_no_client_auth().with_single_cert(vec![certificate(HOOKS_CERTIFICATE)], key).unwrap()
}
