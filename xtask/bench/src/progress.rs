//! What a run is doing, on standard error: results go to standard output.

use std::io::{IsTerminal as _, Write as _, stderr};

/// Shows what goes on, in a line of a terminal that the next text replaces.
pub(crate) fn show(text: &str) {
    if stderr().is_terminal() {
        eprint!("\r\x1b[K{text}");
        // Nothing depends on it.
        let _ = stderr().flush();
    }
}

/// Prints a line that stays.
pub(crate) fn say(text: &str) {
    if stderr().is_terminal() {
        eprint!("\r\x1b[K");
    }
    eprintln!("{text}");
}
