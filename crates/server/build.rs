//! Lists the crates that the server is built of, so that a log filter that names none of them is noticed.

use std::collections::BTreeSet;
use std::io::{Error, Result};
use std::path::Path;

const LOCK: &str = "../../Cargo.lock";

fn main() -> Result<()> {
    println!("cargo::rerun-if-changed={LOCK}");
    let lock = std::fs::read_to_string(LOCK)?;
    let names = lock.lines().filter_map(|line| line.strip_prefix("name = \"")?.strip_suffix('"'));
    let crates: BTreeSet<String> = names.map(|name| name.replace('-', "_")).collect();
    let folder = std::env::var_os("OUT_DIR").ok_or_else(|| Error::other("cargo sets OUT_DIR"))?;
    std::fs::write(Path::new(&folder).join("crates.rs"), format!("{:?}", Vec::from_iter(crates)))
}
