//! Builds the crate again when a migration was added: the compiler does not see that by itself.

fn main() {
    println!("cargo::rerun-if-changed=../../migrations");
}
