//! Sends to real sockets of this machine, and to names that lead wherever a test says.

use std::io::{BufReader, Write as _};
use std::net::{IpAddr, TcpListener};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::http::{HeaderName, header};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

use super::test_endpoint::{TestEndpoint, answer_all, read_request};
use super::*;

const THIS_MACHINE: &str = "127.0.0.0/8";

/// Enough for what answers at once.
const PATIENT: Duration = Duration::from_secs(30);

/// For what never answers.
const IMPATIENT: Duration = Duration::from_millis(200);

const NO_CONTENT: &str = "HTTP/1.1 204 No Content\r\n\r\n";

/// How much of a body is read.
const MAXIMUM_BODY: usize = 1_024;

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

/// A client, and the limit of its connections and requests.
struct Sending {
    client: OutgoingClient,
    limit: Duration,
}

fn client(opened: &[&str], look_up: &LookUp, limit: Duration) -> Sending {
    let opened: Vec<_> = opened.iter().map(|network| network.parse().unwrap()).collect();
    let client = OutgoingClient::with(&opened, look_up, authorities(HOOKS_CERTIFICATE), limit).unwrap();
    Sending { client, limit }
}

fn plain_client() -> Sending {
    client(&[THIS_MACHINE], &connector::system_look_up(), PATIENT)
}

impl Sending {
    /// A request of which a test changes something.
    fn request<'a>(&self, url: &'a str) -> OutgoingRequest<'a> {
        OutgoingRequest {
            method: Method::POST,
            url,
            headers: HeaderMap::new(),
            body: Bytes::from_static(br#"{"test":1}"#),
            sent_at: 1_445_412_480,
            limit: self.limit,
            maximum_body: MAXIMUM_BODY,
        }
    }

    async fn post(&self, url: &str) -> Brief {
        self.send(self.request(url)).await
    }

    async fn send(&self, request: OutgoingRequest<'_>) -> Brief {
        match self.client.send(request).await.outcome {
            OutgoingOutcome::Answered { status, body, is_complete, .. } => {
                let body = String::from_utf8(body).unwrap();
                if is_complete { Brief::Whole(status, body) } else { Brief::Cut(status, body) }
            }
            OutgoingOutcome::Failed(reason) => Brief::Failed(reason),
        }
    }
}

/// What a test compares of an outcome.
#[derive(Debug, PartialEq, Eq)]
enum Brief {
    /// The status, and the whole body.
    Whole(u16, String),
    /// The status, and the beginning of the body.
    Cut(u16, String),
    Failed(FailureReason),
}

fn answered(status: u16, body: &str) -> Brief {
    Brief::Whole(status, body.to_owned())
}

fn cut(status: u16, body: &str) -> Brief {
    Brief::Cut(status, body.to_owned())
}

#[tokio::test]
async fn a_request_arrives_as_it_is() {
    let endpoint = TestEndpoint::answering("HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nfine");
    let (client, url) = (plain_client(), endpoint.url("http", "127.0.0.1"));
    let headers = [("x-one", "1"), ("x-two", "a"), ("x-two", "b"), ("user-agent", "shop/1")];
    let headers = headers.map(|(name, value)| check_header(name, value).unwrap());
    let request = OutgoingRequest { headers: headers.into_iter().collect(), ..client.request(&url) };
    assert_eq!(client.send(request).await, answered(200, "fine"));
    let request = endpoint.requests.recv().unwrap();
    let (head, body) = request.split_once("\r\n\r\n").unwrap();
    assert_eq!(body, r#"{"test":1}"#);
    let mut lines: Vec<_> = head.lines().collect();
    lines.sort_unstable();
    let host = format!("host: {}", endpoint.address);
    let expected = [
        "POST /hooks?a=b HTTP/1.1",
        "content-length: 10",
        &host,
        "user-agent: shop/1",
        "x-one: 1",
        "x-two: a",
        "x-two: b",
    ];
    assert_eq!(lines, expected);
}

#[tokio::test]
async fn every_method_is_sent_with_a_body_and_without() {
    let endpoint = TestEndpoint::answering("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n");
    let (client, url) = (plain_client(), endpoint.url("http", "127.0.0.1"));
    for method in ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "QUERY"] {
        for body in ["", "some"] {
            let sent = OutgoingRequest {
                method: method.parse().unwrap(),
                body: Bytes::from_static(body.as_bytes()),
                ..client.request(&url)
            };
            assert_eq!(client.send(sent).await, answered(200, ""), "{method}");
            let request = endpoint.requests.recv().unwrap();
            assert!(request.starts_with(&format!("{method} /hooks?a=b HTTP/1.1\r\n")), "{request}");
            assert!(request.ends_with(&format!("\r\n\r\n{body}")), "{request}");
            assert!(!request.contains("transfer-encoding"), "{request}");
        }
    }
    assert_eq!(endpoint.connections(), 1);
}

#[tokio::test]
async fn a_request_that_reaches_further_than_it_tells_is_not_sent() {
    let endpoint = TestEndpoint::answering(NO_CONTENT);
    let (client, url) = (plain_client(), endpoint.url("http", "127.0.0.1"));
    let tunnel = OutgoingRequest { method: Method::CONNECT, ..client.request(&url) };
    assert_eq!(client.send(tunnel).await, Brief::Failed(FailureReason::Tunnel));
    for name in [
        header::HOST,
        header::CONTENT_LENGTH,
        header::TRANSFER_ENCODING,
        header::CONNECTION,
        header::EXPECT,
        HeaderName::from_static("proxy-authorization"),
    ] {
        let headers = HeaderMap::from_iter([(name.clone(), HeaderValue::from_static("1"))]);
        let request = OutgoingRequest { headers, ..client.request(&url) };
        let outcome = client.send(request).await;
        let Brief::Failed(reason) = outcome else { panic!("{name}: {outcome:?}") };
        assert_eq!(reason.to_string(), format!("the header {name} must not be set"));
    }
    assert_eq!(endpoint.connections(), 0);
}

#[tokio::test]
async fn an_odd_url_fails() {
    let long = format!("http://127.0.0.1/{}", "a".repeat(70_000));
    for url in [
        "",
        "no URL",
        "/path",
        "//127.0.0.1/",
        "http://",
        "http:///",
        "https://:443/",
        "http://127.0.0.1:99999/",
        "http://[::1/",
        "http://me:secret@127.0.0.1/",
        "http://me@127.0.0.1/",
        "ftp://127.0.0.1/",
        "file:///etc/passwd",
        "data:text/plain,some",
        "unix:/run/some.socket",
        "mailto:jane@example.com",
        &long,
    ] {
        let outcome = plain_client().post(url).await;
        assert_eq!(outcome, Brief::Failed(FailureReason::InvalidRequest), "{url}");
    }
    for url in ["http://127.0.0.1:0/", "http://127.0.0.1:1/ä?ö={}|\\^`#frag", "http:127.0.0.1:1"] {
        let outcome = plain_client().post(url).await;
        assert!(matches!(outcome, Brief::Failed(_)), "{url}: {outcome:?}");
    }
}

#[tokio::test]
async fn an_answer_shows_its_headers() {
    let answer = "HTTP/1.1 429 Slow\r\nRetry-After: 90\r\nX-A: 1\r\nx-a: 2\r\ncontent-length: 0\r\n\r\n";
    let endpoint = TestEndpoint::answering(answer);
    let (client, url) = (plain_client(), endpoint.url("http", "127.0.0.1"));
    let outcome = client.client.send(client.request(&url)).await.outcome;
    let OutgoingOutcome::Answered { status, headers, retry_after, .. } = outcome else {
        panic!("{outcome:?}")
    };
    assert_eq!((status, retry_after), (429, Some(Duration::from_secs(90))));
    let values: Vec<_> = headers.get_all("x-a").iter().collect();
    assert_eq!(values, ["1", "2"]);
}

#[tokio::test]
async fn a_longer_answer_than_the_maximum_is_cut() {
    let whole = "a".repeat(MAXIMUM_BODY);
    for (length, outcome) in [
        (0, answered(200, "")),
        (MAXIMUM_BODY - 1, answered(200, &whole[1..])),
        (MAXIMUM_BODY, answered(200, &whole)),
        (MAXIMUM_BODY + 1, cut(200, &whole)),
        (100_000, cut(200, &whole)),
    ] {
        let body = "a".repeat(length);
        let chunk = if length == 0 { String::new() } else { format!("{length:x}\r\n{body}\r\n") };
        for answer in [
            format!("HTTP/1.1 200 OK\r\ncontent-length: {length}\r\n\r\n{body}"),
            format!("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n{chunk}0\r\n\r\n"),
        ] {
            let endpoint = TestEndpoint::answering(answer);
            assert_eq!(plain_client().post(&endpoint.url("http", "127.0.0.1")).await, outcome, "{length}");
        }
    }
}

#[tokio::test]
async fn an_answer_that_ends_too_early_is_incomplete() {
    let endpoint = TestEndpoint::start(|mut connection, _| {
        read_request(&mut BufReader::new(&connection)).unwrap();
        connection.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nsome").unwrap();
    });
    assert_eq!(plain_client().post(&endpoint.url("http", "127.0.0.1")).await, cut(200, "some"));
}

#[tokio::test]
async fn an_answer_that_never_ends_is_cut_in_time() {
    let endpoint = TestEndpoint::start(|mut connection, _| {
        read_request(&mut BufReader::new(&connection)).unwrap();
        let mut answer = &b"HTTP/1.1 200 OK\r\n\r\n"[..];
        while connection.write_all(answer).is_ok() {
            answer = b"a";
        }
    });
    let (client, url) = (plain_client(), endpoint.url("http", "127.0.0.1"));
    let request = OutgoingRequest { limit: IMPATIENT, maximum_body: usize::MAX, ..client.request(&url) };
    let answer = client.client.send(request).await;
    let OutgoingOutcome::Answered { body, is_complete, .. } = answer.outcome else { panic!("{answer:?}") };
    assert!(!is_complete && body.iter().all(|byte| *byte == b'a'));
    assert!((IMPATIENT..PATIENT).contains(&answer.duration), "{:?}", answer.duration);
}

#[tokio::test]
async fn requests_share_a_connection() {
    let endpoint = TestEndpoint::answering(NO_CONTENT);
    let client = plain_client();
    for _ in 0..3 {
        assert_eq!(client.post(&endpoint.url("http", "127.0.0.1")).await, answered(204, ""));
        endpoint.requests.recv().unwrap();
    }
    assert_eq!(endpoint.connections(), 1);
}

#[tokio::test]
async fn a_redirect_is_an_answer() {
    let elsewhere = TestEndpoint::answering(NO_CONTENT);
    let location = elsewhere.url("http", "127.0.0.1");
    for status in [301, 302, 303, 307, 308] {
        let answer = format!("HTTP/1.1 {status} Moved\r\nlocation: {location}\r\ncontent-length: 0\r\n\r\n");
        let endpoint = TestEndpoint::answering(answer);
        let outcome = plain_client().post(&endpoint.url("http", "127.0.0.1")).await;
        assert_eq!(outcome, answered(status, ""));
    }
    assert_eq!(elsewhere.connections(), 0);
}

#[tokio::test]
async fn a_silent_endpoint_fails_in_time() {
    let endpoint = TestEndpoint::answering("");
    let client = client(&[THIS_MACHINE], &connector::system_look_up(), IMPATIENT);
    let outcome = client.post(&endpoint.url("http", "127.0.0.1")).await;
    assert_eq!(outcome, Brief::Failed(FailureReason::TimedOut(IMPATIENT)));
    assert_eq!(FailureReason::TimedOut(IMPATIENT).to_string(), "no answer within 0.2 s");
}

#[tokio::test]
async fn a_status_counts_although_the_body_is_late() {
    let endpoint = TestEndpoint::answering("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nsome");
    let client = client(&[THIS_MACHINE], &connector::system_look_up(), IMPATIENT);
    let outcome = client.post(&endpoint.url("http", "127.0.0.1")).await;
    assert_eq!(outcome, cut(200, "some"));
}

// The connection is closed by a task of its own, while the test waits for the endpoint to notice.
#[tokio::test(flavor = "multi_thread")]
async fn an_endless_body_is_cut_and_its_connection_closed() {
    let endpoint = TestEndpoint::start(|mut connection, told| {
        read_request(&mut BufReader::new(&connection)).unwrap();
        let mut answer = "HTTP/1.1 200 OK\r\n\r\n".to_owned();
        while connection.write_all(answer.as_bytes()).is_ok() {
            answer = "a".repeat(10_000);
        }
        let _ended = told.send("closed".to_owned());
    });
    let outcome = plain_client().post(&endpoint.url("http", "127.0.0.1")).await;
    assert_eq!(outcome, cut(200, &"a".repeat(MAXIMUM_BODY)));
    assert_eq!(endpoint.requests.recv_timeout(PATIENT).as_deref(), Ok("closed"));
}

#[tokio::test]
async fn what_is_not_an_answer_fails() {
    let endless_headers = format!("HTTP/1.1 200 OK\r\nx-long: {}", "a".repeat(BUFFER));
    for (answer, reason) in
        [("220 mail.example SMTP\r\n", FailureReason::NotHttp), (&endless_headers, FailureReason::NotHttp)]
    {
        let endpoint = TestEndpoint::answering(answer);
        let outcome = plain_client().post(&endpoint.url("http", "127.0.0.1")).await;
        assert_eq!(outcome, Brief::Failed(reason));
    }
    let closing = TestEndpoint::start(|connection, told| {
        let _ended = told.send(read_request(&mut BufReader::new(connection)).unwrap());
    });
    let outcome = plain_client().post(&closing.url("http", "127.0.0.1")).await;
    assert_eq!(outcome, Brief::Failed(FailureReason::Closed));
    let free_port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let outcome = plain_client().post(&format!("http://{free_port}/")).await;
    assert_eq!(outcome, Brief::Failed(FailureReason::Refused));
}

#[tokio::test]
async fn an_address_in_the_url_is_checked_in_any_spelling() {
    let endpoint = TestEndpoint::answering(NO_CONTENT);
    let (look_up, asked) = names(&[&["127.0.0.1"]]);
    let client = client(&["10.0.0.0/8"], &look_up, PATIENT);
    for host in ["127.0.0.1", "2130706433", "0x7f.1", "0177.1", "[::1]", "[::ffff:7f00:1]", "[2002:7f00:1::]"]
    {
        for scheme in ["http", "https"] {
            let outcome = client.post(&endpoint.url(scheme, host)).await;
            let Brief::Failed(FailureReason::PrivateAddress(_)) = outcome else {
                panic!("{scheme}://{host}: {outcome:?}")
            };
        }
    }
    assert_eq!((endpoint.connections(), asked.load(Ordering::SeqCst)), (0, 0));
}

#[tokio::test]
async fn a_name_that_leads_inside_is_refused() {
    let refused = || Brief::Failed(FailureReason::PrivateHost("hooks.example".to_owned()));
    let endpoint = TestEndpoint::answering(NO_CONTENT);
    for (look_up, outcome) in [
        (names(&[&["127.0.0.1"]]), refused()),
        (names(&[&["93.184.215.14", "127.0.0.1"]]), refused()),
        (names(&[&["::ffff:127.0.0.1"]]), refused()),
        (names(&[&[]]), Brief::Failed(FailureReason::UnknownHost("hooks.example".to_owned()))),
    ] {
        let client = client(&[], &look_up.0, PATIENT);
        assert_eq!(client.post(&endpoint.url("https", "hooks.example")).await, outcome);
    }
    let client = client(&["10.0.0.0/8"], &names(&[&["93.184.215.14"]]).0, PATIENT);
    let outcome = client.post("http://hooks.example/").await;
    assert_eq!(outcome, Brief::Failed(FailureReason::PlainText));
    assert_eq!(endpoint.connections(), 0);
}

#[tokio::test]
async fn a_connection_leads_to_the_address_that_was_checked() {
    let endpoint = TestEndpoint::answering(NO_CONTENT);
    let (look_up, asked) = names(&[&["127.0.0.1"], &["10.0.0.1"]]);
    let client = client(&[THIS_MACHINE], &look_up, PATIENT);
    for _ in 0..2 {
        let outcome = client.post(&endpoint.url("http", "hooks.example")).await;
        assert_eq!(outcome, answered(204, ""));
    }
    assert_eq!((endpoint.connections(), asked.load(Ordering::SeqCst)), (1, 1));
}

#[tokio::test]
async fn a_name_that_changes_after_the_check_does_not_lead_inside() {
    let endpoint = TestEndpoint::answering(NO_CONTENT);
    // Public, but given to nobody: no packet arrives anywhere.
    let (look_up, asked) = names(&[&["3ffe::1"], &["127.0.0.1"]]);
    let client = client(&[], &look_up, IMPATIENT);
    let url = endpoint.url("https", "hooks.example");
    let Brief::Failed(reason) = client.post(&url).await else { panic!("an answer from nobody") };
    assert_ne!(reason, FailureReason::PrivateHost("hooks.example".to_owned()));
    assert_eq!(asked.load(Ordering::SeqCst), 1);
    // The next attempt checks the new address.
    let outcome = client.post(&url).await;
    assert_eq!(outcome, Brief::Failed(FailureReason::PrivateHost("hooks.example".to_owned())));
    assert_eq!((endpoint.connections(), asked.load(Ordering::SeqCst)), (0, 2));
}

#[tokio::test]
async fn https_needs_a_certificate_that_is_valid_for_the_host() {
    let config = Arc::new(tls_server());
    let endpoint = TestEndpoint::start(move |connection, told| {
        let tls = ServerConnection::new(config.clone()).unwrap();
        answer_all(StreamOwned::new(tls, connection), NO_CONTENT, told);
    });
    let post_to = async |host: &str, authorities: RootCertStore| {
        let opened = [THIS_MACHINE.parse().unwrap()];
        let look_up = names(&[&["127.0.0.1"]]).0;
        let client = OutgoingClient::with(&opened, &look_up, authorities, PATIENT).unwrap();
        Sending { client, limit: PATIENT }.post(&endpoint.url("https", host)).await
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
        let Brief::Failed(failure) = post_to(host, authorities).await else { panic!("{reason}") };
        assert_eq!(failure.to_string(), reason);
    }
    let plain = TestEndpoint::answering("HTTP/1.1 200 OK\r\n\r\n".repeat(2));
    let client = client(&[THIS_MACHINE], &names(&[&["127.0.0.1"]]).0, IMPATIENT);
    let outcome = client.post(&plain.url("https", "hooks.example")).await;
    assert!(matches!(outcome, Brief::Failed(_)), "{outcome:?}");
}

#[tokio::test]
async fn a_client_with_the_systems_authorities_starts() {
    assert!(OutgoingClient::new(&[]).is_ok());
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
