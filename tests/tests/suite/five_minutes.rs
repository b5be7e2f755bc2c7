//! The commands of `docs/five-minutes.md`, run by a shell as they stand there, and what they print.

use std::ffi::OsStr;
use std::fs;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::time::Duration;

use denizen_tests::{RunningProgram, is_on_postgres, program, shell};

const DOCUMENT: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/five-minutes.md"));

/// What the guide's commands take from the newcomer's terminal, and its address.
const PLACEHOLDERS: [&str; 3] = ["sk_…", "pk_…", "127.0.0.1:8080"];

/// Stands in for any text in what the guide shows.
const ANYTHING: char = '…';

/// Divides what one command of the guide prints from what the next one does.
const DIVIDER: &str = "--- the next command ---";

/// Some commands, and what they print.
struct Step {
    commands: String,
    shown: Option<String>,
}

/// Returns the guide's blocks of commands, each with the block that shows what it prints.
fn steps() -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    for block in DOCUMENT.split("\n```").skip(1).step_by(2) {
        let (language, text) = block.split_once('\n').unwrap();
        match language {
            "sh" => steps.push(Step { commands: text.to_owned(), shown: None }),
            "text" => steps.last_mut().unwrap().shown = Some(text.to_owned()),
            other => panic!("a block of {other:?} is neither run nor compared"),
        }
    }
    steps
}

/// Fails unless a text is as the guide shows it.
#[track_caller]
fn is_as_shown(printed: &str, shown: &str) {
    let (printed, shown) = (printed.trim_end(), shown.trim_end());
    let is_same = printed.lines().count() == shown.lines().count()
        && printed.lines().zip(shown.lines()).all(|(printed, shown)| fits(printed, shown));
    assert!(is_same, "the guide shows\n{shown}\n\nbut the commands print\n{printed}");
}

/// Returns whether a line is as it is shown, where [`ANYTHING`] stands for any text.
fn fits(line: &str, shown: &str) -> bool {
    let mut pieces = shown.split(ANYTHING);
    let Some(mut rest) = line.strip_prefix(pieces.next().unwrap_or_default()) else { return false };
    let pieces: Vec<_> = pieces.collect();
    let Some((last, inner)) = pieces.split_last() else { return rest.is_empty() };
    for piece in inner {
        let Some((_, after)) = rest.split_once(piece) else { return false };
        rest = after;
    }
    rest.ends_with(last)
}

/// Makes a folder of programs: `denizen`, and a `cargo` that runs it in place of building it.
fn make_programs(folder: &Path) {
    fs::create_dir(folder).unwrap();
    std::os::unix::fs::symlink(program(), folder.join("denizen")).unwrap();
    let cargo = folder.join("cargo");
    let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(0o755).open(cargo).unwrap();
    writeln!(file, "#!/bin/sh\n[ \"$1 $2 $3\" = 'run --release --' ] && shift 3 && exec denizen \"$@\"")
        .unwrap();
}

/// Starts the guide's server, and returns it with all that it prints about its first start.
async fn first_start(step: &Step, environment: &[(&str, &str)]) -> (RunningProgram, String) {
    let command = format!("cd \"$HOME\" && exec {}", step.commands);
    let arguments = ["-c", &command].map(OsStr::new);
    let mut server = RunningProgram::start(Path::new("/bin/sh"), &arguments, environment);
    let mut printed = String::new();
    while !printed.contains("curl ") {
        printed.push_str(&server.line().await);
        printed.push('\n');
    }
    (server, printed)
}

#[tokio::test]
async fn the_guide_works_as_it_stands() {
    if is_on_postgres() || !denizen_tests::has_curl() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let programs = folder.path().join("programs");
    make_programs(&programs);
    let path = format!("{}:{}", programs.display(), std::env::var("PATH").unwrap());
    let home = folder.path().display().to_string();
    let environment = [("PATH", &*path), ("HOME", &*home), ("DENIZEN_LISTEN", "127.0.0.1:0")];

    let mut steps = steps();
    let start = steps.remove(0);
    let (_server, printed) = first_start(&start, &environment).await;
    let word = |marker: &str| printed.split_whitespace().find(|word| word.starts_with(marker)).unwrap();
    let address = word("http://").trim_start_matches("http://").split('/').next().unwrap();
    let values = [word("sk_"), word("pk_"), address];
    let filled = |text: &str| {
        PLACEHOLDERS.iter().zip(values).fold(text.to_owned(), |text, (name, value)| text.replace(name, value))
    };
    is_as_shown(&printed, &filled(start.shown.as_deref().unwrap()));

    let script: Vec<_> = steps
        .iter()
        .map(|step| format!("{}\nprintf '\\n%s\\n' '{DIVIDER}'\n", filled(&step.commands)))
        .collect();
    let script = script.concat();
    let printed = shell(&format!("cd \"$HOME\"\n{script}"), &environment, Duration::from_mins(1)).await;
    let divider = format!("\n{DIVIDER}\n");
    let mut printed = printed.split(&divider);
    for step in &steps {
        let printed = printed.next().unwrap();
        is_as_shown(printed, &filled(step.shown.as_deref().unwrap_or_default()));
    }
}

#[test]
fn a_shown_line_may_leave_something_out() {
    assert!(fits("abc", "abc") && fits("abc", "a…") && fits("abc", "…c") && fits("abcde", "a…c…e"));
    assert!(!fits("abc", "ab") && !fits("abc", "b…") && !fits("abc", "a…b") && !fits("ab", "a…c…b"));
}
