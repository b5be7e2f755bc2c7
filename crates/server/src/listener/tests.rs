//! Tests the listener over real sockets. Each test waits only for the timeout that it tests.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::http::StatusCode;
use axum::routing::get;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::Notify;

use super::{Answers, Limits, Listener, Listening};

const REQUEST: &[u8] = b"GET / HTTP/1.1\r\nhost: localhost\r\n\r\n";
const TIMEOUT: Duration = Duration::from_secs(20);
const LIMITS: Limits = Limits { connections: 2, header_timeout: TIMEOUT, request_timeout: TIMEOUT };

/// A handler that reports its start and waits for permission to end.
#[derive(Clone, Default)]
struct SlowHandler {
    started: Arc<Notify>,
    may_end: Arc<Notify>,
}

impl SlowHandler {
    fn router(&self) -> Router {
        let handler = self.clone();
        Router::new().route(
            "/",
            get(async move || {
                handler.started.notify_one();
                handler.may_end.notified().await;
                "whole answer"
            }),
        )
    }
}

fn quick() -> Router {
    Router::new().route("/", get(async || "quick answer").post(async || StatusCode::PAYLOAD_TOO_LARGE))
}

async fn bind() -> Listener {
    Listener::bind("127.0.0.1:0".parse().unwrap()).await.unwrap()
}

fn start(listener: Listener, router: Router, limits: Limits) -> Listening {
    let refusal = Router::new().fallback(async || (StatusCode::SERVICE_UNAVAILABLE, "too many"));
    listener.start(Answers::always(router), refusal, limits)
}

async fn connect(listener: &Listener) -> TcpStream {
    TcpStream::connect(listener.address()).await.unwrap()
}

/// Reads until the connection ends.
async fn read_all(client: &mut TcpStream) -> String {
    let mut text = String::new();
    client.read_to_string(&mut text).await.unwrap();
    text
}

/// Reads one response on an open connection. In these tests, all of them end with `answer`.
async fn read_answer(client: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    while !bytes.ends_with(b"answer") {
        assert_ne!(client.read_buf(&mut bytes).await.unwrap(), 0, "closed after {bytes:?}");
    }
    String::from_utf8(bytes).unwrap()
}

#[tokio::test]
async fn shutdown_completes_a_request_in_progress() {
    let (listener, handler) = (bind().await, SlowHandler::default());
    let (mut client, address) = (connect(&listener).await, listener.address());
    let listening = start(listener, handler.router(), LIMITS);
    client.write_all(REQUEST).await.unwrap();
    handler.started.notified().await;

    let (drained, answer) = tokio::join!(listening.drain(TIMEOUT), async {
        while TcpStream::connect(address).await.is_ok() {}
        handler.may_end.notify_one();
        read_all(&mut client).await
    });
    assert!(drained);
    assert!(answer.contains("connection: close") && answer.ends_with("whole answer"), "{answer}");
}

#[tokio::test]
async fn shutdown_answers_requests_already_sent() {
    let listener = bind().await;
    let mut clients = Vec::new();
    for _ in 0..20 {
        let mut client = connect(&listener).await;
        client.write_all(REQUEST).await.unwrap();
        clients.push(client);
    }
    let listening = start(listener, quick(), Limits { connections: 20, ..LIMITS });
    assert!(listening.drain(TIMEOUT).await);
    for mut client in clients {
        assert!(read_all(&mut client).await.ends_with("quick answer"));
    }
}

#[tokio::test]
async fn shutdown_answers_one_more_request_per_idle_connection() {
    let listener = bind().await;
    let mut client = connect(&listener).await;
    let listening = start(listener, quick(), LIMITS);
    client.write_all(REQUEST).await.unwrap();
    assert!(!read_answer(&mut client).await.contains("connection: close"));

    let (drained, answer) = tokio::join!(listening.drain(TIMEOUT), async {
        client.write_all(REQUEST).await.unwrap();
        read_all(&mut client).await
    });
    assert!(drained);
    assert!(answer.contains("connection: close") && answer.ends_with("quick answer"), "{answer}");
}

#[tokio::test]
async fn a_silent_client_does_not_delay_shutdown() {
    let listener = bind().await;
    let mut client = connect(&listener).await;
    let listening = start(listener, quick(), LIMITS);
    let (drained, rest) = tokio::join!(listening.drain(TIMEOUT), read_all(&mut client));
    assert!(drained);
    assert_eq!(rest, "");
}

#[tokio::test]
async fn shutdown_cuts_off_requests_after_its_timeout() {
    let (listener, handler) = (bind().await, SlowHandler::default());
    let mut client = connect(&listener).await;
    let listening = start(listener, handler.router(), LIMITS);
    client.write_all(REQUEST).await.unwrap();
    handler.started.notified().await;

    assert!(!listening.drain(Duration::from_millis(10)).await);
    assert_eq!(read_all(&mut client).await, "");
}

#[tokio::test]
async fn a_connection_above_the_limit_receives_503() {
    let listener = bind().await;
    let mut clients = [connect(&listener).await, connect(&listener).await, connect(&listener).await];
    let _listening = start(listener, quick(), LIMITS);
    for client in &mut clients {
        client.write_all(REQUEST).await.unwrap();
    }
    let [first, second, third] = &mut clients;
    assert!(read_answer(first).await.starts_with("HTTP/1.1 200"));
    assert!(read_answer(second).await.starts_with("HTTP/1.1 200"));
    let refusal = read_all(third).await;
    assert!(refusal.starts_with("HTTP/1.1 503") && refusal.contains("connection: close"), "{refusal}");
}

#[tokio::test]
async fn closes_clients_with_incomplete_headers() {
    for beginning in ["", "P", "PRI * HT", "GET / HTTP/1.1\r\nhost: loc"] {
        let listener = bind().await;
        let mut client = connect(&listener).await;
        let _listening =
            start(listener, quick(), Limits { header_timeout: Duration::from_millis(50), ..LIMITS });
        client.write_all(beginning.as_bytes()).await.unwrap();
        let mut rest = Vec::new();
        _ = client.read_to_end(&mut rest).await;
        assert!(rest.is_empty(), "{rest:?}");
    }
}

#[tokio::test]
async fn a_client_that_is_still_sending_its_body_receives_413() {
    let listener = bind().await;
    let mut client = connect(&listener).await;
    let _listening = start(listener, quick(), LIMITS);
    let body = vec![b'x'; 4 * 1024 * 1024];
    let head = format!("POST / HTTP/1.1\r\nhost: localhost\r\ncontent-length: {}\r\n\r\n", body.len());
    client.write_all(head.as_bytes()).await.unwrap();
    client.write_all(&body).await.unwrap();
    client.shutdown().await.unwrap();
    assert!(read_all(&mut client).await.starts_with("HTTP/1.1 413"));
}

#[tokio::test]
async fn a_port_in_use_is_reported_clearly() {
    let listener = bind().await;
    let Err(error) = Listener::bind(listener.address()).await else { panic!("the port is free") };
    assert_eq!(
        error.to_string(),
        format!("--listen {}: address in use: another program uses this port", listener.address())
    );
}
