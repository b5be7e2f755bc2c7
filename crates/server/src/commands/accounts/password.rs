//! Reads passwords from standard input, so that they appear neither on the command line nor in the process list.

use std::io::{self, BufRead};
use std::sync::Arc;

use anyhow::Context as _;
use denizen_domain::{Password, PasswordHash, Source};

use crate::reason::reason;
use crate::settings::sources::usage_error;

/// Maximum bytes to read of a line: more than the longest password.
const LINE: u64 = 64 * 1024;

/// Reads a password from the first line of standard input, without the line ending.
pub(super) fn read(minimum: usize) -> anyhow::Result<Password> {
    first_line(io::stdin().lock(), minimum)
}

/// Hashes a password.
pub(super) async fn hash(password: Password, source: &Source) -> anyhow::Result<PasswordHash> {
    let ids = Arc::clone(&source.ids);
    let hash = tokio::task::spawn_blocking(move || password.hash(&*ids)).await;
    hash.context("cannot hash the password")?.map_err(reason)
}

fn first_line(input: impl BufRead, minimum: usize) -> anyhow::Result<Password> {
    let mut line = Vec::new();
    let read = input.take(LINE).read_until(b'\n', &mut line);
    read.context("cannot read the password from standard input")?;
    let line = String::from_utf8(line)
        .map_err(|_| usage_error("the password on standard input is not UTF-8".to_owned()))?;
    let password = line.strip_suffix('\n').map_or(&*line, |line| line.strip_suffix('\r').unwrap_or(line));
    Password::parse(password, minimum)
        .map_err(|why| usage_error(format!("the password on standard input {why}")).into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_line_is_the_password() {
        for input in ["correct horse", "correct horse\n", "correct horse\r\n", "correct horse\nmore\n"] {
            assert_eq!(first_line(input.as_bytes(), 8).unwrap().expose(), "correct horse", "{input:?}");
        }
        assert_eq!(first_line(" pässwört \n".as_bytes(), 8).unwrap().expose(), " pässwört ");
    }

    #[test]
    fn explains_why_it_rejects_a_password() {
        let refused = |input: &[u8]| first_line(input, 8).unwrap_err().to_string();
        let length = "error: the password on standard input must have 8 to 1000 characters\n";
        for input in ["", "\n", "1234567\n", "1234567\r\n", &"x".repeat(1001)] {
            assert_eq!(refused(input.as_bytes()), length, "{input:?}");
        }
        assert_eq!(refused(b"passw\xf6rd\n"), "error: the password on standard input is not UTF-8\n");
    }
}
