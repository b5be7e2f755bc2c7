//! A client connection that closes without losing the last response.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::Sleep;

/// How long a closing connection waits for the client to close.
const LINGER_TIME: Duration = Duration::from_secs(2);

/// Maximum bytes that a closing connection reads and discards.
const LINGER_BYTES: usize = 16 * 1024 * 1024;

/// A TCP stream whose shutdown reads until the client closes.
///
/// If a socket is closed with unread bytes, the system resets the connection, and the client may lose the response: a
/// refused body of two megabytes would end in "connection reset" instead of 413.
pub(super) struct ClientStream {
    stream: TcpStream,
    lingering: Option<Lingering>,
}

/// The remaining time and bytes for a client that does not close.
struct Lingering {
    time: Pin<Box<Sleep>>,
    bytes: usize,
}

impl ClientStream {
    /// Wraps an accepted connection.
    pub(super) fn new(stream: TcpStream) -> Self {
        Self { stream, lingering: None }
    }

    /// Reads and discards until the client closes or a limit is reached.
    fn poll_linger(stream: &mut TcpStream, lingering: &mut Lingering, context: &mut Context<'_>) -> Poll<()> {
        let mut space = [0; 8 * 1024];
        loop {
            let mut buffer = ReadBuf::new(&mut space);
            match Pin::new(&mut *stream).poll_read(context, &mut buffer) {
                Poll::Pending => return lingering.time.as_mut().poll(context),
                Poll::Ready(Ok(())) if !buffer.filled().is_empty() && lingering.bytes > 0 => {
                    lingering.bytes = lingering.bytes.saturating_sub(buffer.filled().len());
                }
                Poll::Ready(_) => return Poll::Ready(()),
            }
        }
    }
}

impl AsyncRead for ClientStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for ClientStream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(context, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let Self { stream, lingering } = self.get_mut();
        if lingering.is_none() {
            ready!(Pin::new(&mut *stream).poll_shutdown(context))?;
        }
        let lingering = lingering.get_or_insert_with(|| Lingering {
            time: Box::pin(tokio::time::sleep(LINGER_TIME)),
            bytes: LINGER_BYTES,
        });
        Self::poll_linger(stream, lingering, context).map(Ok)
    }
}
