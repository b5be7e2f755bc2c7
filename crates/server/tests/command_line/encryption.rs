//! What `denizen doctor` says of the connection to PostgreSQL, if `TEST_DATABASE_URL` names a server.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use crate::program::Folder;
use crate::text;

/// What a client of PostgreSQL sends to ask for TLS.
const SSL_REQUEST: [u8; 8] = [0, 0, 0, 8, 0x04, 0xD2, 0x16, 0x2F];

/// Returns whether a server of PostgreSQL speaks TLS.
fn speaks_tls(url: &str) -> bool {
    let address = url.split_once("://").unwrap().1.split(['/', '?']).next().unwrap();
    let address = address.rsplit('@').next().unwrap();
    let with_port = if address.contains(':') { address.to_owned() } else { format!("{address}:5432") };
    let mut server = TcpStream::connect(with_port).unwrap();
    server.write_all(&SSL_REQUEST).unwrap();
    let mut answer = [0];
    server.read_exact(&mut answer).unwrap();
    answer == *b"S"
}

#[test]
fn doctor_says_whether_the_connection_is_encrypted() {
    let server = std::env::var("TEST_DATABASE_URL").unwrap_or_default();
    if server.is_empty() {
        println!("PostgreSQL: NOT TESTED, because TEST_DATABASE_URL names no server");
        return;
    }
    let folder = Folder::new();
    let said = |mode: &str| {
        let url = format!("{}?sslmode={mode}", server.split('?').next().unwrap());
        // The schema of this database is nobody's concern here.
        let doctor = folder.run(&["doctor", "--json", "--database-url", &url]);
        let report: serde_json::Value = serde_json::from_str(&doctor.printed).unwrap();
        assert_eq!(text(&report["checks"][0], "name"), "database", "{report}");
        text(&report["checks"][0], "message").to_owned()
    };
    assert!(said("disable").ends_with("; the connection is not encrypted"), "{}", said("disable"));
    let default = said("prefer");
    if speaks_tls(&server) {
        assert!(default.ends_with("; the connection is encrypted with TLSv1.3"), "{default}");
    } else {
        println!("the server speaks no TLS");
        assert!(default.ends_with("; the connection is not encrypted"), "{default}");
    }
    assert!(folder.is_empty());
}
