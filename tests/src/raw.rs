//! Requests as bytes, for paths, bodies and timing beyond an HTTP client.

use std::net::SocketAddr;

use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::reply::Reply;

/// A connection to the server. Requests should say `connection: close`, since answers are read to the end.
#[derive(Debug)]
pub struct RawConnection(TcpStream);

impl RawConnection {
    pub(crate) async fn open(address: SocketAddr) -> Self {
        Self(TcpStream::connect(address).await.expect("the server takes connections"))
    }

    /// Sends bytes as they are.
    pub async fn send(&mut self, bytes: impl AsRef<[u8]>) {
        // After a refusal the server may close before reading everything; its answer counts.
        let _ = self.0.write_all(bytes.as_ref()).await;
    }

    /// Reads one answer by its `content-length`, and keeps the connection open.
    pub async fn answer(&mut self) -> Reply {
        let mut answer = Vec::new();
        while !is_complete(&answer) {
            let read = self.0.read_buf(&mut answer).await.expect("the server answers");
            assert_ne!(read, 0, "the answer broke off: {:?}", String::from_utf8_lossy(&answer));
        }
        parse(&answer)
    }

    /// Reads an answer that goes on, until it contains a text. Returns all that was read since the last call.
    pub async fn until(&mut self, text: &str) -> String {
        let mut answer = Vec::new();
        loop {
            let read = self.0.read_buf(&mut answer).await.expect("the server answers");
            let so_far = String::from_utf8_lossy(&answer);
            if so_far.contains(text) {
                return so_far.into_owned();
            }
            assert_ne!(read, 0, "the answer ended without {text:?}: {so_far}");
        }
    }

    /// Reads until the server ends the answer or the connection, and returns what is left of it.
    pub async fn rest(mut self) -> String {
        let mut rest = Vec::new();
        while !rest.ends_with(b"0\r\n\r\n") && self.0.read_buf(&mut rest).await.is_ok_and(|read| read > 0) {}
        String::from_utf8_lossy(&rest).into_owned()
    }

    /// Reads the answer until the server closes.
    pub async fn reply(mut self) -> Reply {
        let mut answer = Vec::new();
        if let Err(error) = self.0.read_to_end(&mut answer).await {
            assert!(!answer.is_empty(), "no answer: {error}");
        }
        parse(&answer)
    }
}

fn is_complete(answer: &[u8]) -> bool {
    let Some(end) = answer.windows(4).position(|bytes| bytes == b"\r\n\r\n") else { return false };
    let length = parse(answer).header("content-length").and_then(|length| length.parse().ok());
    answer.len() >= end + 4 + length.unwrap_or(0)
}

fn parse(answer: &[u8]) -> Reply {
    let text = String::from_utf8_lossy(answer);
    let end = answer.windows(4).position(|bytes| bytes == b"\r\n\r\n");
    let end = end.unwrap_or_else(|| panic!("no HTTP answer: {text:?}"));
    let head = String::from_utf8_lossy(&answer[..end]);
    let mut lines = head.split("\r\n");
    let status = lines.next().and_then(|line| line.split(' ').nth(1)?.parse().ok());
    let mut headers = HeaderMap::new();
    for (name, value) in lines.filter_map(|line| line.split_once(": ")) {
        let name: HeaderName = name.parse().expect("a header's name");
        headers.append(name, HeaderValue::from_str(value).expect("a header's value"));
    }
    let rest = &answer[end + 4..];
    let in_pieces = headers.contains_key("transfer-encoding");
    let body = if in_pieces { joined(rest) } else { rest.to_owned() };
    Reply::new(status.unwrap_or_else(|| panic!("no status: {text:?}")), headers, &body)
}

/// Joins a chunked body (RFC 9112, section 7.1).
fn joined(mut pieces: &[u8]) -> Vec<u8> {
    let mut body = Vec::new();
    loop {
        let end = pieces.windows(2).position(|bytes| bytes == b"\r\n").expect("the length of a piece");
        let length = std::str::from_utf8(&pieces[..end]).ok();
        let length = length.and_then(|length| usize::from_str_radix(length, 16).ok()).expect("a length");
        if length == 0 {
            return body;
        }
        let start = end + 2;
        body.extend(&pieces[start..start + length]);
        pieces = &pieces[start + length + 2..];
    }
}
