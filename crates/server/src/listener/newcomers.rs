//! Keeps new clients from connecting while a socket still listens for those that are half connected.
//!
//! Closing a listening socket resets every connection that the system has completed and the server has not accepted.
//! However quickly the one follows the other, a busy server would lose a few requests at each stop. So the socket
//! first stops to hear new clients, then everything that is left is accepted, then it closes. A client that was not
//! heard tries again by itself, a second later, and finds the server's successor or a closed port.

use std::io;

use tokio::net::TcpListener;

/// Makes the system ignore clients that begin to connect. Connections that exist or are being made go on.
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

/// Other systems have no such filter; what connects in the last moment is reset there.
#[cfg(not(target_os = "linux"))]
pub(super) fn turn_away(_: &TcpListener) -> io::Result<()> {
    Ok(())
}
