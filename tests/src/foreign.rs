//! Programs in other languages that call the server or read its documents, with their packages.

use std::collections::HashMap;
use std::ffi::OsString;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use serde_json::Value;
use tokio::process::Command;
use tokio::sync::Mutex;
use tokio::time::timeout;

use crate::program::RunningProgram;

/// The folder with a subfolder for each client: its scripts and its list of packages.
const CLIENTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/clients");

/// The maximum time for installing packages.
const LONGEST_INSTALLATION: Duration = Duration::from_mins(10);

/// The maximum time for a script.
const LONGEST_RUN: Duration = Duration::from_mins(5);

/// A client of `tests/clients/` with installed packages.
#[derive(Debug, Clone)]
pub struct ForeignClient {
    scripts: PathBuf,
    interpreter: PathBuf,
    modules: PathBuf,
}

/// The language of a client, which determines its interpreter and its package manager.
#[derive(Debug, Clone, Copy)]
enum Language {
    Node,
    Python,
}

impl ForeignClient {
    /// Returns a client in JavaScript with the packages of its `package.json`. Without Node.js or npm, returns `None`
    /// and says so on standard error. Fails the test if npm cannot install the packages.
    pub async fn node(client: &'static str) -> Option<Self> {
        Self::obtain(client, Language::Node).await
    }

    /// Returns a client in Python with the packages of its `requirements.txt`. Without Python, `venv` or `pip`, returns
    /// `None` and says so on standard error. Fails the test if pip cannot install the packages.
    pub async fn python(client: &'static str) -> Option<Self> {
        Self::obtain(client, Language::Python).await
    }

    /// Runs a script with only these environment variables, and returns the JSON that it prints. Fails the test if the
    /// script fails or takes too long.
    pub async fn run(&self, script: &str, environment: &[(&str, &str)]) -> Value {
        let mut command = Command::new(&self.interpreter);
        command.arg(self.scripts.join(script)).env_clear().env("NODE_PATH", &self.modules);
        // Python would keep what it compiles beside the scripts.
        command.env("PYTHONDONTWRITEBYTECODE", "1");
        let printed = output(command.envs(environment.iter().copied()), LONGEST_RUN).await;
        serde_json::from_str(&printed)
            .unwrap_or_else(|error| panic!("{script} printed no JSON: {error}\n{printed}"))
    }

    /// Starts a program of a test, with the client's packages and only these environment variables.
    pub fn start(&self, program: &Path, environment: &[(&str, &str)]) -> RunningProgram {
        RunningProgram::start(&self.interpreter, &[program.as_os_str()], environment)
    }

    /// Starts one of the client's scripts, which knows where its packages are by `NODE_PATH`.
    pub fn start_script(&self, script: &str, environment: &[(&str, &str)]) -> RunningProgram {
        let modules = self.modules.to_str().expect("the path of the packages is text");
        self.start(&self.scripts.join(script), &[environment, &[("NODE_PATH", modules)]].concat())
    }

    /// Makes the client's packages known to modules in a folder, which do not look at `NODE_PATH`.
    pub fn link_packages(&self, folder: &Path) {
        let linked = std::os::unix::fs::symlink(&self.modules, folder.join("node_modules"));
        linked.expect("cannot link the packages");
    }

    async fn obtain(client: &'static str, language: Language) -> Option<Self> {
        // The lock keeps parallel tests from installing the same packages twice.
        static CLIENTS: Mutex<Option<HashMap<&str, Option<ForeignClient>>>> = Mutex::const_new(None);
        let mut known = CLIENTS.lock().await;
        let known = known.get_or_insert_default();
        if let Some(found) = known.get(client) {
            return found.clone();
        }
        let found = Self::install(client, language).await;
        if found.is_none() {
            say_not_tried(language.name(), client);
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
            let parent = installed.parent().expect("the folder has a parent");
            std::fs::create_dir_all(parent).expect("cannot create a folder");
            let unfinished = tempfile::tempdir_in(parent).expect("cannot create a temporary folder");
            std::fs::copy(&list, unfinished.path().join(language.list())).expect("cannot copy the list");
            language.install(&programs, unfinished.path()).await;
            // If another process has installed it in the meantime, the packages are the same.
            if let Err(error) = std::fs::rename(unfinished.path(), &installed) {
                assert!(installed.is_dir(), "cannot create {}: {error}", installed.display());
            }
        }
        let interpreter = match language {
            Language::Node => programs[0].clone(),
            Language::Python => installed.join("bin/python"),
        };
        Some(Self { scripts, interpreter, modules: installed.join("node_modules") })
    }
}

/// Builds a program in Go that needs the standard library alone, beside its source. Without Go, returns `None` and says so
/// on standard error. Fails the test if the program cannot be built.
pub async fn build_go(source: &Path) -> Option<PathBuf> {
    let Some(go) = on_path("go") else {
        say_not_tried("Go", &source.display().to_string());
        return None;
    };
    let program = source.with_extension("program");
    let mut command = Command::new(go);
    command.args(["build", "-o"]).args([&program, source].map(Path::as_os_str));
    // Neither a module nor a proxy, and no cache in the home folder.
    command.envs([("GO111MODULE", "off"), ("GOFLAGS", ""), ("CGO_ENABLED", "0")]);
    command.env("GOCACHE", clients_folder().join("go-cache"));
    output(&mut command, LONGEST_INSTALLATION).await;
    Some(program)
}

/// Returns whether `curl` is installed, and says so on standard error if it is not.
pub fn has_curl() -> bool {
    let is_installed = on_path("curl").is_some();
    if !is_installed {
        say_not_tried("curl", "what the documentation tells people to type");
    }
    is_installed
}

/// Runs commands in a shell that stops at the first one that fails, with only these environment variables, and returns what
/// they print. Fails the test if one fails, or if they take too long.
pub async fn shell(commands: &str, environment: &[(&str, &str)], longest: Duration) -> String {
    let mut shell = Command::new("/bin/sh");
    shell.args(["-eu", "-c", commands]).env_clear().envs(environment.iter().copied());
    output(&mut shell, longest).await
}

/// Says on standard error that a language is missing.
fn say_not_tried(language: &str, program: &str) {
    let line = format!("{language} is not installed: {program} was not tried\n");
    // The test harness would capture the output of `eprintln!`.
    std::io::stderr().write_all(line.as_bytes()).expect("cannot write to standard error");
}

impl Language {
    fn name(self) -> &'static str {
        match self {
            Self::Node => "Node.js with npm",
            Self::Python => "Python with venv and pip",
        }
    }

    /// The name of the file that lists a client's packages.
    fn list(self) -> &'static str {
        match self {
            Self::Node => "package.json",
            Self::Python => "requirements.txt",
        }
    }

    /// The interpreter and, if it is another program, the package manager. `None` if one is missing.
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

    /// Installs a folder's listed packages in it.
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

/// Returns the folder for a client's packages, in cargo's target folder. Each version of the list has its own.
fn folder_of(client: &str, packages: &[u8]) -> PathBuf {
    let mut list = DefaultHasher::new();
    packages.hash(&mut list);
    clients_folder().join(format!("{client}-{:016x}", list.finish()))
}

/// Returns the folder for what clients need, in cargo's target folder.
fn clients_folder() -> PathBuf {
    let test = std::env::current_exe().expect("a test program has a path");
    test.ancestors().nth(3).expect("a test program lies in target/<profile>/deps").join("clients")
}

/// Runs a program, and returns its standard output. Fails the test if the program takes too long, or if it fails, and
/// then shows all its output.
async fn output(command: &mut Command, longest: Duration) -> String {
    command.stdin(Stdio::null()).kill_on_drop(true);
    let ended = timeout(longest, command.output()).await;
    let command = command.as_std();
    let ended = ended.unwrap_or_else(|_| panic!("{command:?} takes longer than {longest:?}"));
    let output = ended.unwrap_or_else(|error| panic!("cannot run {command:?}: {error}"));
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
