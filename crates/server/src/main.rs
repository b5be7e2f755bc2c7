//! The program `denizen`; everything is in the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    denizen_server::main()
}
