//! Programs in other languages that call the server or read its documents, with the packages that they need.

use std::collections::HashMap;
use std::ffi::OsString;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use serde_json::Value;
use tokio::process::Command;
use tokio::sync::Mutex;
use tokio::time::timeout;

/// A folder for each client: its scripts, and the list of its packages.
const CLIENTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/clients");

/// How long the installation of packages may take.
const LONGEST_INSTALLATION: Duration = Duration::from_mins(10);

/// How long a script may take.
const LONGEST_RUN: Duration = Duration::from_mins(5);

/// A client of `tests/clients/`, its packages installed.
#[derive(Debug, Clone)]
pub struct ForeignClient {
    scripts: PathBuf,
    interpreter: PathBuf,
    modules: PathBuf,
}

/// What runs the scripts of a client, and installs their packages.
#[derive(Debug, Clone, Copy)]
enum Language {
    Node,
    Python,
}

impl ForeignClient {
    /// A client in JavaScript, with the packages of its `package.json`. `None` where Node.js and npm are not installed,
    /// which a line on the standard error says. Fails the test where npm cannot install the packages.
    pub async fn node(client: &'static str) -> Option<Self> {
        Self::obtain(client, Language::Node).await
    }

    /// A client in Python, with the packages of its `requirements.txt`. `None` where Python with `venv` and `pip` is not
    /// installed, which a line on the standard error says. Fails the test where pip cannot install the packages.
    pub async fn python(client: &'static str) -> Option<Self> {
        Self::obtain(client, Language::Python).await
    }

    /// Runs a script of the client with these variables and no others. Returns the JSON that it prints. Fails the test
    /// where the script fails, or takes too long.
    pub async fn run(&self, script: &str, environment: &[(&str, &str)]) -> Value {
        let mut command = Command::new(&self.interpreter);
        command.arg(self.scripts.join(script)).env_clear().env("NODE_PATH", &self.modules);
        let printed = output(command.envs(environment.iter().copied()), LONGEST_RUN).await;
        serde_json::from_str(&printed)
            .unwrap_or_else(|error| panic!("{script} printed no JSON: {error}\n{printed}"))
    }

    async fn obtain(client: &'static str, language: Language) -> Option<Self> {
        // One at a time: tests that need the same packages must not install them twice.
        static CLIENTS: Mutex<Option<HashMap<&str, Option<ForeignClient>>>> = Mutex::const_new(None);
        let mut known = CLIENTS.lock().await;
        let known = known.get_or_insert_default();
        if let Some(found) = known.get(client) {
            return found.clone();
        }
        let found = Self::install(client, language).await;
        if found.is_none() {
            let line = format!("{} is not installed: {client} was not tried\n", language.name());
            // `eprintln!` would be kept back with the rest of what the test prints.
            std::io::stderr().write_all(line.as_bytes()).expect("the standard error can be written to");
        }
        known.insert(client, found.clone());
        found
    }

    async fn install(client: &str, language: Language) -> Option<Self> {
        let programs = language.programs().await?;
        let scripts = Path::new(CLIENTS).join(client);
        let list = scripts.join(language.list());
        let packages = std::fs::read(&list).unwrap_or_else(|error| panic!("{}: {error}", list.display()));
        let installed = folder_of(client, &packages);
        if !installed.is_dir() {
            let parent = installed.parent().expect("the folder lies in another one");
            std::fs::create_dir_all(parent).expect("a folder can be made below the target folder");
            let unfinished = tempfile::tempdir_in(parent).expect("a temporary folder can be made");
            std::fs::copy(&list, unfinished.path().join(language.list())).expect("a file can be copied");
            language.install(&programs, unfinished.path()).await;
            // Another process that has installed it meanwhile has installed the same.
            if let Err(error) = std::fs::rename(unfinished.path(), &installed) {
                assert!(installed.is_dir(), "{} cannot be made: {error}", installed.display());
            }
        }
        let interpreter = match language {
            Language::Node => programs[0].clone(),
            Language::Python => installed.join("bin/python"),
        };
        Some(Self { scripts, interpreter, modules: installed.join("node_modules") })
    }
}

impl Language {
    fn name(self) -> &'static str {
        match self {
            Self::Node => "Node.js with npm",
            Self::Python => "Python with venv and pip",
        }
    }

    /// The list of a client's packages.
    fn list(self) -> &'static str {
        match self {
            Self::Node => "package.json",
            Self::Python => "requirements.txt",
        }
    }

    /// The interpreter, and whatever else installs packages. `None` where they are not there.
    async fn programs(self) -> Option<Vec<PathBuf>> {
        match self {
            Self::Node => Some(vec![on_path("node")?, on_path("npm")?]),
            Self::Python => {
                let python = on_path("python3")?;
                let imports = Command::new(&python).args(["-c", "import venv, ensurepip"]).output().await;
                imports.is_ok_and(|output| output.status.success()).then(|| vec![python])
            }
        }
    }

    /// Installs the packages of the list in a folder.
    async fn install(self, programs: &[PathBuf], folder: &Path) {
        match self {
            Self::Node => {
                let npm = ["install", "--no-package-lock", "--no-audit", "--no-fund", "--ignore-scripts"];
                output(Command::new(&programs[1]).args(npm).current_dir(folder), LONGEST_INSTALLATION).await;
            }
            Self::Python => {
                let venv: [OsString; 3] = ["-m".into(), "venv".into(), folder.into()];
                output(Command::new(&programs[0]).args(venv), LONGEST_INSTALLATION).await;
                let pip = [
                    "-m",
                    "pip",
                    "install",
                    "--disable-pip-version-check",
                    "--requirement",
                    "requirements.txt",
                ];
                let mut python = Command::new(folder.join("bin/python"));
                output(python.args(pip).current_dir(folder), LONGEST_INSTALLATION).await;
            }
        }
    }
}

/// Where the packages of a client are installed: below cargo's target folder, one folder for each list.
fn folder_of(client: &str, packages: &[u8]) -> PathBuf {
    let test = std::env::current_exe().expect("a test program has a path");
    let target = test.ancestors().nth(3).expect("a test program lies in target/<profile>/deps");
    let list: u64 = packages
        .iter()
        .fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x100_0000_01b3));
    target.join("clients").join(format!("{client}-{list:016x}"))
}

/// Runs a program to its end, and returns what it printed. Fails the test, with all that the program had to say, where it
/// fails or takes too long.
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

/// The program of this name that the shell would run.
fn on_path(name: &str) -> Option<PathBuf> {
    let folders = std::env::var_os("PATH")?;
    std::env::split_paths(&folders).map(|folder| folder.join(name)).find(|program| program.is_file())
}
