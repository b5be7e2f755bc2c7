//! A server of tests, on a real socket of this machine.

use std::io::{BufRead as _, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, mpsc};
use std::thread;

/// A server that serves one connection after another, and tells the requests.
pub(crate) struct TestEndpoint {
    /// Where it listens.
    pub(crate) address: SocketAddr,
    /// The requests, head and body.
    pub(crate) requests: mpsc::Receiver<String>,
    connections: Arc<AtomicUsize>,
}

impl TestEndpoint {
    /// Starts a server that serves a connection this way.
    pub(crate) fn start(serve: impl Fn(TcpStream, &mpsc::Sender<String>) + Send + 'static) -> Self {
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

    /// Starts a server that gives every request this answer.
    pub(crate) fn answering(answer: impl Into<String>) -> Self {
        let answer = answer.into();
        Self::start(move |connection, told| answer_all(connection, &answer, told))
    }

    /// A URL that leads to it if the host does.
    pub(crate) fn url(&self, scheme: &str, host: &str) -> String {
        format!("{scheme}://{host}:{}/hooks?a=b", self.address.port())
    }

    /// How many connections there were.
    pub(crate) fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }
}

/// Gives every request of a connection this answer.
pub(crate) fn answer_all(connection: impl Read + Write, answer: &str, told: &mpsc::Sender<String>) {
    let mut connection = BufReader::new(connection);
    while let Some(request) = read_request(&mut connection) {
        let _ended = told.send(request);
        if connection.get_mut().write_all(answer.as_bytes()).is_err() {
            return;
        }
    }
}

/// Reads a request: its head, and a body whose length it tells.
pub(crate) fn read_request(connection: &mut BufReader<impl Read>) -> Option<String> {
    let mut request = String::new();
    while !request.ends_with("\r\n\r\n") {
        connection.read_line(&mut request).ok().filter(|read| *read > 0)?;
    }
    let length = request.lines().find_map(|line| line.strip_prefix("content-length: "));
    let mut body = vec![0; length.map_or(Ok(0), str::parse).ok()?];
    connection.read_exact(&mut body).ok()?;
    Some(request + &String::from_utf8(body).ok()?)
}
