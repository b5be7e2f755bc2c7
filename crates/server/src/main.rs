//! The program `denizen`; the library has all the code.

use std::process::ExitCode;

fn main() -> ExitCode {
    denizen_server::main()
}
