//! The receivers of webhooks in `docs/events.md`, run as they stand there.

mod messages;
mod story;

use std::fs;
use std::path::Path;

use denizen_tests::{ForeignClient, RunningProgram, is_on_postgres};

const DOCUMENT: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/events.md"));

/// Returns the only code block of a language in the document.
fn block(language: &str) -> &'static str {
    let begin = format!("\n```{language}\n");
    let mut blocks = DOCUMENT.split(&begin).skip(1).map(|rest| rest.split_inclusive("```\n").next().unwrap());
    let block = blocks.next().unwrap_or_else(|| panic!("no block in {language}"));
    assert!(blocks.next().is_none(), "several blocks in {language}");
    block.strip_suffix("```\n").unwrap()
}

/// Signatures and programs do not depend on the database: on SQLite, the other languages are tried, too.
async fn in_another_language(client: impl Future<Output = Option<ForeignClient>>) -> Option<ForeignClient> {
    if is_on_postgres() { None } else { client.await }
}

#[tokio::test]
async fn the_receiver_in_python_works() {
    let Some(python) = in_another_language(ForeignClient::python("receiver_in_python")).await else { return };
    let folder = tempfile::tempdir().unwrap();
    let program = folder.path().join("receiver.py");
    fs::write(&program, block("python")).unwrap();
    // Python would print to a pipe only when it ends.
    let unbuffered = ("PYTHONUNBUFFERED", "1");
    story::tell(|environment| python.start(&program, &[environment, &[unbuffered]].concat())).await;
}

#[tokio::test]
async fn the_receiver_in_typescript_works() {
    let Some(node) = in_another_language(ForeignClient::node("receiver_in_typescript")).await else { return };
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("receiver.ts"), block("typescript")).unwrap();
    let compiled = node.run("compile.js", &[("WORK", folder.path().to_str().unwrap())]).await;
    assert_eq!(compiled["failures"], "");
    let program = folder.path().join("receiver.js");
    story::tell(|environment| node.start(&program, environment)).await;
}

#[tokio::test]
async fn the_receiver_in_rust_works() {
    let program = Path::new(env!("CARGO_BIN_EXE_receiver"));
    story::tell(|environment| RunningProgram::start(program, &[], environment)).await;
}

#[test]
fn the_receiver_in_rust_is_the_one_that_is_built() {
    let built = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/receivers/receiver.rs"));
    assert_eq!(block("rust"), built, "docs/events.md and tests/receivers/receiver.rs differ");
}
