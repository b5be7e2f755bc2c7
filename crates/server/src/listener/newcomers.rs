//! Keeps new clients from connecting while a socket still accepts pending connections.
//!
//! Closing a listening socket resets every connection that the system has completed but the server has not accepted.
//! Even a fast stop would thus lose requests of a busy server. So the socket first ignores new clients, then accepts
//! what is pending, then closes. An ignored client retries a second later, and finds the server's successor or a closed
//! port.

use std::io;

use tokio::net::TcpListener;

/// Makes the system ignore new connection attempts. Existing and half-open connections continue.
#[cfg(target_os = "linux")]
pub(super) fn turn_away(socket: &TcpListener) -> io::Result<()> {
    use socket2::{SockFilter, SockRef};

    const LOAD_BYTE: u16 = 0x30;
    const SKIP_UNLESS_BIT: u16 = 0x45;
    const RETURN: u16 = 0x06;
    const FLAGS_OF_TCP_HEADER: u32 = 13;
    const SYN: u32 = 0x02;

    SockRef::from(socket).attach_filter(&[
        SockFilter::new(LOAD_BYTE, 0, 0, FLAGS_OF_TCP_HEADER),
        SockFilter::new(SKIP_UNLESS_BIT, 0, 1, SYN),
        SockFilter::new(RETURN, 0, 0, 0),
        SockFilter::new(RETURN, 0, 0, u32::MAX),
    ])
}

/// Other systems have no such filter; last-moment connections are reset there.
#[cfg(not(target_os = "linux"))]
pub(super) fn turn_away(_: &TcpListener) -> io::Result<()> {
    Ok(())
}
