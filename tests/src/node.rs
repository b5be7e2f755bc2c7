//! The client library that Flowdock published for Node.js, installed by npm, and scripts that call the server with it.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use serde_json::Value;
use tokio::process::Command;
use tokio::sync::OnceCell;
use tokio::time::timeout;

/// What npm installs: this library in this version.
const PACKAGE: &str = include_str!("../clients/flowdock/package.json");

/// Where the package and the scripts are.
const SCRIPTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/clients/flowdock");

/// How long npm may take.
const LONGEST_INSTALLATION: Duration = Duration::from_mins(5);

/// How long a script may take.
const LONGEST_RUN: Duration = Duration::from_mins(1);

/// Node.js with Flowdock's own client library.
#[derive(Debug, Clone)]
pub struct NodeClient {
    node: PathBuf,
    modules: PathBuf,
}

impl NodeClient {
    /// The library, which is installed first if necessary. `None` without Node.js, which is always reported on standard
    /// error. Fails the test if npm cannot install the library.
    pub async fn obtain() -> Option<Self> {
        static CLIENT: OnceCell<Option<NodeClient>> = OnceCell::const_new();
        CLIENT.get_or_init(Self::find).await.clone()
    }

    /// Runs a script of `tests/clients/flowdock/` with only these environment variables, and returns its output as JSON.
    /// The script may `require('flowdock')`. Fails the test if the script fails or takes longer than a minute.
    pub async fn run(&self, script: &str, environment: &[(&str, &str)]) -> Value {
        let mut command = Command::new(&self.node);
        command.arg(Path::new(SCRIPTS).join(script)).env_clear().env("NODE_PATH", &self.modules);
        let printed = output(command.envs(environment.iter().copied()), LONGEST_RUN).await;
        serde_json::from_str(&printed)
            .unwrap_or_else(|error| panic!("{script} printed no JSON: {error}\n{printed}"))
    }

    async fn find() -> Option<Self> {
        let (Some(node), Some(npm)) = (on_path("node"), on_path("npm")) else {
            let line = b"Node.js is not installed: Flowdock's own client was not tried\n";
            // `eprintln!` would be captured with the test's output.
            std::io::stderr().write_all(line).expect("the standard error can be written to");
            return None;
        };
        Some(Self { node, modules: install(&npm).await.join("node_modules") })
    }
}

/// Installs the library below cargo's target folder, and returns its folder.
async fn install(npm: &Path) -> PathBuf {
    let installed = folder();
    if installed.is_dir() {
        return installed;
    }
    let parent = installed.parent().expect("the folder lies in another one");
    std::fs::create_dir_all(parent).expect("a folder can be made below the target folder");
    let unfinished = tempfile::tempdir_in(parent).expect("a temporary folder can be made");
    std::fs::write(unfinished.path().join("package.json"), PACKAGE).expect("the package can be described");
    let mut command = Command::new(npm);
    command
        .args(["install", "--no-package-lock", "--no-audit", "--no-fund", "--ignore-scripts"])
        .current_dir(unfinished.path());
    output(&mut command, LONGEST_INSTALLATION).await;
    // Another process installed the same at the same time.
    if let Err(error) = std::fs::rename(unfinished.path(), &installed) {
        assert!(installed.is_dir(), "{} cannot be made: {error}", installed.display());
    }
    installed
}

/// Where the library is installed: a folder for each version.
fn folder() -> PathBuf {
    let package: Value = serde_json::from_str(PACKAGE).expect("the package is described in JSON");
    let version = package["dependencies"]["flowdock"].as_str().expect("the package names a version");
    let test = std::env::current_exe().expect("a test program has a path");
    let target = test.ancestors().nth(3).expect("a test program lies in target/<profile>/deps");
    target.join("clients").join(format!("flowdock-{version}"))
}

/// Runs a program, and returns its output. Fails the test with that output if the program fails or takes too long.
async fn output(command: &mut Command, longest: Duration) -> String {
    command.stdin(Stdio::null()).kill_on_drop(true);
    let ended = timeout(longest, command.output()).await;
    let command = command.as_std();
    let ended = ended.unwrap_or_else(|_| panic!("{command:?} takes longer than {longest:?}"));
    let output = ended.unwrap_or_else(|error| panic!("{command:?} cannot be run: {error}"));
    let printed = String::from_utf8_lossy(&output.stdout).into_owned();
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {}\n{printed}{complaint}", output.status);
    printed
}

/// Finds a program on the `PATH`.
fn on_path(name: &str) -> Option<PathBuf> {
    let folders = std::env::var_os("PATH")?;
    std::env::split_paths(&folders).map(|folder| folder.join(name)).find(|program| program.is_file())
}
