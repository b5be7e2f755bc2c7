//! An operator at a terminal, who runs the real `denizen`.

use std::path::PathBuf;
use std::process::{Output, Stdio};

use serde_json::Value;
use tokio::io::AsyncWriteExt as _;
use tokio::process::Command;

/// A key pair.
#[derive(Debug, Clone)]
pub struct Key {
    /// Its id, as `denizen keys revoke` takes it.
    pub id: String,
    /// The public half: `pk_…`.
    pub public: String,
    /// The secret half: `sk_…`.
    pub secret: String,
}

impl Key {
    /// Parses the output of `denizen keys create --json`.
    pub(crate) fn from_json(key: &Value) -> Self {
        let text = |name: &str| text(key, name);
        Self { id: text("id"), public: text("publicKey"), secret: text("secretKey") }
    }
}

/// A workspace, with a channel and a key.
#[derive(Debug, Clone)]
pub struct Workspace {
    /// Its id.
    pub id: String,
    /// Its number.
    pub number: i64,
    /// Its slug, as on command lines and in Flowdock's paths.
    pub slug: String,
    /// Its default channel.
    pub channel_id: String,
    /// A key with the default scopes.
    pub key: Key,
}

/// An account with its password.
#[derive(Debug, Clone)]
pub struct Account {
    /// Its id.
    pub id: String,
    /// Its number.
    pub number: i64,
    /// Its username.
    pub username: String,
    /// Its password.
    pub password: String,
}

/// A flow of a workspace.
#[derive(Debug, Clone)]
pub struct Flow {
    /// Its id.
    pub id: String,
    /// Its slug, as on command lines and in Flowdock's paths.
    pub slug: String,
    /// The slug of its workspace.
    pub workspace: String,
}

impl Flow {
    /// Its path, the prefix of all its operations.
    pub fn path(&self) -> String {
        format!("/flows/{}/{}", self.workspace, self.slug)
    }
}

/// An operator of a database.
pub(crate) struct Operator {
    pub(crate) database_url: String,
}

impl Operator {
    /// Runs a command, and returns its output as JSON.
    pub(crate) async fn json(&self, arguments: &[&str]) -> Value {
        self.json_from("", arguments).await
    }

    /// The same with a text on standard input.
    pub(crate) async fn json_from(&self, input: &str, arguments: &[&str]) -> Value {
        let printed = self.text_from(input, arguments).await;
        serde_json::from_str(&printed)
            .unwrap_or_else(|error| panic!("denizen {arguments:?} printed no JSON: {error}\n{printed}"))
    }

    /// Runs a command, and returns its output as text.
    pub(crate) async fn text(&self, arguments: &[&str]) -> String {
        self.text_from("", arguments).await
    }

    /// Runs a command that must fail, and returns what it complains about.
    pub(crate) async fn refusal(&self, arguments: &[&str]) -> String {
        let output = self.output("", arguments).await;
        assert_eq!(output.status.code(), Some(1), "denizen {arguments:?}: {output:?}");
        String::from_utf8_lossy(&output.stderr).into_owned()
    }

    async fn text_from(&self, input: &str, arguments: &[&str]) -> String {
        let output = self.output(input, arguments).await;
        let printed = String::from_utf8_lossy(&output.stdout).into_owned();
        let complaint = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "denizen {arguments:?}: {}\n{printed}{complaint}", output.status);
        printed
    }

    async fn output(&self, input: &str, arguments: &[&str]) -> Output {
        let mut command = Command::new(program())
            .args(arguments)
            .env_clear()
            .env("DENIZEN_DATABASE_URL", &self.database_url)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .expect("cannot run denizen");
        let mut pipe = command.stdin.take().expect("the input is a pipe");
        // A command that ignores its input may have ended already; its status counts.
        let _ = pipe.write_all(input.as_bytes()).await;
        drop(pipe);
        command.wait_with_output().await.expect("cannot wait for denizen")
    }

    pub(crate) async fn create_key(&self, workspace: &str, scopes: &[&str]) -> Key {
        let mut arguments =
            vec!["keys", "create", "--workspace", workspace, "--name", "a test's key", "--json"];
        for scope in scopes {
            arguments.extend(["--scope", scope]);
        }
        Key::from_json(&self.json(&arguments).await)
    }

    pub(crate) async fn create_workspace(&self, name: &str) -> Workspace {
        let workspace = self.json(&["workspaces", "create", name, "--json"]).await;
        let slug = text(&workspace, "slug");
        let key = self.create_key(&slug, &[]).await;
        let channel_id = text(&workspace["defaultChannel"], "id");
        Workspace { id: text(&workspace, "id"), number: number(&workspace), slug, channel_id, key }
    }

    pub(crate) async fn create_account(
        &self,
        email: &str,
        workspace: Option<&Workspace>,
        roles: &[&str],
    ) -> Account {
        let mut arguments = vec!["accounts", "create", "--email", email, "--password-stdin", "--json"];
        arguments.extend(["--first-name", "First", "--last-name", "Last"]);
        if let Some(workspace) = workspace {
            arguments.extend(["--workspace", &workspace.slug]);
        }
        for role in roles {
            arguments.extend(["--role", role]);
        }
        let password = format!("password of {email}");
        let account = self.json_from(&password, &arguments).await;
        let (id, username) = (text(&account, "id"), text(&account, "username"));
        Account { id, number: number(&account), username, password }
    }

    pub(crate) async fn create_flow(&self, workspace: &Workspace, name: &str, access_mode: &str) -> Flow {
        let workspace = workspace.slug.clone();
        let arguments =
            ["flows", "create", name, "--workspace", &workspace, "--access-mode", access_mode, "--json"];
        let flow = self.json(&arguments).await;
        Flow { id: text(&flow, "id"), slug: text(&flow, "slug"), workspace }
    }
}

/// The `denizen` built with the tests.
pub fn program() -> PathBuf {
    let test = std::env::current_exe().expect("a test program has a path");
    let folder = test.parent().and_then(|dependencies| dependencies.parent());
    let program = folder.expect("a test program lies in target/<profile>/deps").join("denizen");
    assert!(
        program.is_file(),
        "{} is missing: run `cargo xtask test`, or `cargo build --workspace --all-targets` first",
        program.display()
    );
    program
}

#[track_caller]
fn number(object: &Value) -> i64 {
    object["number"].as_i64().unwrap_or_else(|| panic!("number is not an integer in {object:#}"))
}

#[track_caller]
fn text(object: &Value, name: &str) -> String {
    object[name].as_str().unwrap_or_else(|| panic!("{name} is not a string in {object:#}")).to_owned()
}
