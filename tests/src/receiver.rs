//! A receiver of webhooks.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use serde_json::Value;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;
use tokio::time::timeout;

/// How long a message may take to arrive.
const PATIENCE: Duration = Duration::from_secs(30);

/// A server on a free port of 127.0.0.1 that takes whatever is posted to it. It answers 200, unless it is
/// [told otherwise](Self::will_answer).
pub struct Receiver {
    address: SocketAddr,
    messages: mpsc::UnboundedReceiver<Message>,
    shared: Arc<Shared>,
    listening: JoinHandle<()>,
}

/// A message that was received.
#[derive(Debug, Clone)]
pub struct Message {
    /// The path with the query.
    pub path: String,
    /// The headers.
    pub headers: HeaderMap,
    /// The body as text.
    pub text: String,
    /// The body as JSON, or null if it is none.
    pub body: Value,
}

/// What a receiver answers to one message.
#[derive(Debug, Clone)]
pub struct Answer {
    status: u16,
    headers: Vec<(&'static str, String)>,
    body: String,
    is_held: bool,
}

struct Shared {
    answers: Mutex<VecDeque<Answer>>,
    arrived: mpsc::UnboundedSender<Message>,
    is_released: watch::Sender<bool>,
}

impl Receiver {
    /// Starts to listen.
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
        let address = listener.local_addr().expect("a listener has an address");
        let (arrived, messages) = mpsc::unbounded_channel();
        let shared =
            Arc::new(Shared { answers: Mutex::default(), arrived, is_released: watch::Sender::new(false) });
        let listening = tokio::spawn(listen(listener, Arc::clone(&shared)));
        Self { address, messages, shared, listening }
    }

    /// The URL to send messages to.
    pub fn url(&self) -> String {
        format!("http://{}/hooks", self.address)
    }

    /// The port that it listens at.
    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// Gives the next messages these answers, in turn.
    pub fn will_answer(&self, answers: impl IntoIterator<Item = Answer>) {
        self.shared.answers.lock().unwrap_or_else(PoisonError::into_inner).extend(answers);
    }

    /// Gives the answers that were [held back](Answer::held), and holds none back from now on.
    pub fn release(&self) {
        self.shared.is_released.send_replace(true);
    }

    /// Waits for the next message.
    pub async fn next(&mut self) -> Message {
        let message = timeout(PATIENCE, self.messages.recv()).await.expect("no message arrives");
        message.expect("a receiver listens until it is dropped")
    }

    /// Returns the messages that have arrived since the last one that was taken.
    pub fn arrived(&mut self) -> Vec<Message> {
        std::iter::from_fn(|| self.messages.try_recv().ok()).collect()
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.listening.abort();
    }
}

impl Message {
    /// A header that must be there.
    pub fn header(&self, name: &str) -> &str {
        let value = self.headers.get(name).and_then(|value| value.to_str().ok());
        value.unwrap_or_else(|| panic!("{name} is missing in {self:#?}"))
    }

    /// The `webhook-id`.
    pub fn id(&self) -> &str {
        self.header("webhook-id")
    }

    /// The `webhook-timestamp`, in seconds since 1970.
    pub fn timestamp(&self) -> i64 {
        self.header("webhook-timestamp").parse().expect("a time in seconds")
    }
}

impl Answer {
    /// An answer with a status, and no body.
    pub fn status(status: u16) -> Self {
        Self { status, headers: Vec::new(), body: String::new(), is_held: false }
    }

    /// The same with a header.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// The same with a body.
    #[must_use]
    pub fn saying(self, body: impl Into<String>) -> Self {
        Self { body: body.into(), ..self }
    }

    /// An answer with status 200 that waits until the receiver [releases](Receiver::release) it.
    pub fn held() -> Self {
        Self { is_held: true, ..Self::status(200) }
    }

    fn bytes(&self) -> String {
        let headers = self.headers.iter().map(|(name, value)| format!("{name}: {value}\r\n"));
        let headers: String = headers.collect();
        let Self { status, body, .. } = self;
        format!("HTTP/1.1 {status} Answered\r\n{headers}content-length: {}\r\n\r\n{body}", body.len())
    }
}

async fn listen(listener: TcpListener, shared: Arc<Shared>) {
    while let Ok((connection, _)) = listener.accept().await {
        tokio::spawn(serve(connection, Arc::clone(&shared)));
    }
}

/// Answers the requests of a connection until it ends.
async fn serve(connection: TcpStream, shared: Arc<Shared>) {
    let mut connection = BufReader::new(connection);
    while let Some(message) = read(&mut connection).await {
        let answer = shared.answers.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
        let answer = answer.unwrap_or_else(|| Answer::status(200));
        // Without a receiver, nobody asks for the message.
        let _ = shared.arrived.send(message);
        if answer.is_held {
            let _ = shared.is_released.subscribe().wait_for(|is_released| *is_released).await;
        }
        if connection.write_all(answer.bytes().as_bytes()).await.is_err() {
            return;
        }
    }
}

/// Reads one request, or `None` if the connection ends.
async fn read(connection: &mut BufReader<TcpStream>) -> Option<Message> {
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        connection.read_line(&mut head).await.ok().filter(|read| *read > 0)?;
    }
    let (request, lines) = head.split_once("\r\n")?;
    let mut headers = HeaderMap::new();
    for (name, value) in lines.lines().filter_map(|line| line.split_once(": ")) {
        let name: HeaderName = name.parse().expect("a header's name");
        headers.append(name, HeaderValue::from_str(value).expect("a header's value"));
    }
    let length = headers.get("content-length").and_then(|length| length.to_str().ok()?.parse().ok());
    let mut body = vec![0; length.unwrap_or(0)];
    connection.read_exact(&mut body).await.ok()?;
    let text = String::from_utf8(body).expect("JSON is UTF-8");
    let path = request.split(' ').nth(1)?.to_owned();
    Some(Message { path, headers, body: serde_json::from_str(&text).unwrap_or_default(), text })
}
