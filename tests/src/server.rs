//! A server for one test.

use std::ffi::OsStr;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use denizen_server::{ManualClock, RunningServer, ServeCommand, Source};
use serde_json::json;
use tokio::runtime::Runtime;

use crate::browser::Browser;
use crate::client::{Client, Credential};
use crate::database::TestDatabase;
use crate::operator::{Account, Flow, Key, Operator, Workspace};
use crate::program::RunningProgram;
use crate::raw::RawConnection;
use crate::reply::Reply;
use crate::template::{Beginnings, Template, Time};

/// The default settings of test servers: tests send many requests from one address, perhaps at a fixed time, and receive
/// webhooks on this machine. Explicit arguments override them.
const WIDE_LIMITS: [&str; 3] = [
    "--requests-per-second-per-caller=1000000",
    "--requests-per-second-per-address=1000000",
    "--webhook-allow-network=127.0.0.0/8",
];

/// What encrypts secrets on PostgreSQL; on SQLite, the server creates a key beside the database.
const ENCRYPTION_KEY: &str = "--encryption-key=RGVuaXplbiBlbmNyeXB0cyB0aGlzIGluIGl0cyB0ZXM=";

/// Returns the key in the flag that sets it.
fn key_in(flag: &str) -> &str {
    flag.split_once('=').map_or("", |(_, key)| key)
}

/// Leaves [`ENCRYPTION_KEY`] out.
const NO_ENCRYPTION_KEY: &str = "--encryption-key";

/// A server on a free port of 127.0.0.1 with its own database. Dropping it removes both; a shared database goes with the
/// last of its servers.
pub struct TestServer {
    /// The workspace `default`, with its channel and its first key: all five default scopes.
    pub workspace: Workspace,
    /// The first account, with the role ADMIN.
    pub administrator: Account,
    /// Where it listens.
    pub address: SocketAddr,
    running: Option<RunningServer>,
    runtime: ServerRuntime,
    http: reqwest::Client,
    arguments: Vec<String>,
    source: Source,
    clock: Option<Arc<ManualClock>>,
    database: Arc<TestDatabase>,
}

impl TestServer {
    /// A server with default settings except for unreachable rate limits, the machine's clock and random ids.
    pub async fn start() -> Self {
        Self::with(&[]).await
    }

    /// A server with further arguments of `denizen serve`, such as `--max-body-size=1KiB`.
    pub async fn with(arguments: &[&str]) -> Self {
        Self::launch(arguments, Time::System, Template::of(Time::System)).await
    }

    /// A server without a key to encrypt secrets with; `None` on SQLite, where every server has one.
    pub async fn without_encryption_key() -> Option<Self> {
        let server = Self::with(&[NO_ENCRYPTION_KEY]).await;
        Some(server).filter(|server| server.database.file().is_none())
    }

    /// The same on an empty database, for arguments that only a first start reads, and for servers that must not share
    /// keys and secrets.
    pub async fn on_empty_database(arguments: &[&str]) -> Self {
        Self::launch(arguments, Time::System, None).await
    }

    /// A server with the same answers in every run: its clock stands at 2024-01-15T10:30:00Z until
    /// [`advance`](Self::advance) moves it, its ids count up, and its public URL is `http://denizen.test`.
    pub async fn with_fixed_time() -> Self {
        Self::with_fixed_time_and(&[]).await
    }

    /// The same with further arguments of `denizen serve`.
    pub async fn with_fixed_time_and(arguments: &[&str]) -> Self {
        let arguments = [&["--public-url=http://denizen.test"], arguments].concat();
        Self::launch(&arguments, Time::Fixed, Template::of(Time::Fixed)).await
    }

    /// Another server on the same database, with the same settings, clock and ids.
    pub async fn another(&self) -> Self {
        let runtime = ServerRuntime::new();
        let running = runtime.run(&self.arguments, &self.source).await;
        Self {
            workspace: self.workspace.clone(),
            administrator: self.administrator.clone(),
            address: running.address,
            running: Some(running),
            runtime,
            http: self.http.clone(),
            arguments: self.arguments.clone(),
            source: self.source.clone(),
            clock: self.clock.clone(),
            database: Arc::clone(&self.database),
        }
    }

    /// Makes PostgreSQL refuse changes, as a standby does, or accept them again. The server's connections break. Returns
    /// whether it could: SQLite cannot.
    pub async fn set_read_only(&self, is_read_only: bool) -> bool {
        self.database.set_read_only(is_read_only).await
    }

    /// Moves the clock of a server started [`with_fixed_time`](Self::with_fixed_time).
    pub fn advance(&self, duration: Duration) {
        self.clock.as_ref().expect("the server has no fixed time").advance(duration);
    }

    /// Stops the server as SIGTERM does, but keeps the database for [`operator`](Self::operator) and
    /// [`restart`](Self::restart).
    pub async fn stop(&mut self) {
        if let Some(running) = self.running.take() {
            self.runtime.spawn(running.stop()).await;
        }
    }

    /// Restarts the server on the same database and another port. Existing clients use the old port.
    pub async fn restart(&mut self) {
        self.stop().await;
        let running = self.runtime.run(&self.arguments, &self.source).await;
        self.address = running.address;
        self.running = Some(running);
    }

    /// A new browser, which finds this server at its public URL, too.
    pub fn browser(&self) -> Browser {
        Browser::new(self.address)
    }

    /// A client of Flowra: `x-api-key`.
    pub fn flowra(&self) -> Client {
        self.client(Credential::ApiKey(self.workspace.key.clone()))
    }

    /// A client of Flowra: `Authorization: Bearer` with the secret key.
    pub fn flowra_bearer(&self) -> Client {
        self.client(Credential::BearerKey(self.workspace.key.clone()))
    }

    /// A client of Zaia: `authorization` with the secret key alone.
    pub fn zaia(&self) -> Client {
        self.client(Credential::Authorization(self.workspace.key.clone()))
    }

    /// A client of Notiflows: the pair of headers.
    pub fn notiflows(&self) -> Client {
        self.client(Credential::Pair(self.workspace.key.clone()))
    }

    /// A client without a credential.
    pub fn anonymous(&self) -> Client {
        self.client(Credential::None)
    }

    /// A client with the token of an external user or an account.
    pub fn bearer(&self, token: &str) -> Client {
        self.anonymous().with("authorization", &format!("Bearer {token}"))
    }

    /// A client with Basic: a username and password, or a personal token and any password.
    pub fn basic(&self, user: &str, password: &str) -> Client {
        let credential = BASE64_STANDARD.encode(format!("{user}:{password}"));
        self.anonymous().with("authorization", &format!("Basic {credential}"))
    }

    /// Logs in, and returns a client with the token.
    pub async fn log_in(&self, username: &str, password: &str) -> Client {
        let body = json!({ "username": username, "password": password });
        let answer = self.anonymous().post("/login", body).await.json(200);
        self.bearer(answer["token"].as_str().expect("logging in returns a token"))
    }

    /// Logs in to an account.
    pub async fn as_account(&self, account: &Account) -> Client {
        self.log_in(&account.username, &account.password).await
    }

    /// Logs in to the first account.
    pub async fn as_administrator(&self) -> Client {
        self.as_account(&self.administrator).await
    }

    /// Sends a request as bytes on a new connection, and reads the answer until the server closes it. The request should
    /// say `connection: close`.
    pub async fn raw(&self, request: impl AsRef<[u8]>) -> Reply {
        let mut connection = self.connect().await;
        connection.send(request).await;
        connection.reply().await
    }

    /// A connection for sending bytes piece by piece.
    pub async fn connect(&self) -> RawConnection {
        RawConnection::open(self.address).await
    }

    /// Runs `denizen` with these arguments on the server's database, and returns its output as JSON. Fails the test if
    /// the command fails.
    pub async fn operator(&self, arguments: &[&str]) -> serde_json::Value {
        self.as_operator().json(arguments).await
    }

    /// The same, and returns its output as text.
    pub async fn operator_text(&self, arguments: &[&str]) -> String {
        self.as_operator().text(arguments).await
    }

    /// Runs `denizen`, which must fail, and returns what it complains about.
    pub async fn refused_operator(&self, arguments: &[&str]) -> String {
        self.as_operator().refusal(arguments).await
    }

    /// Starts the real `denizen` on the same database at a free port, and returns it with its URL. It logs everything.
    pub async fn beside(&self) -> (RunningProgram, String) {
        let url = format!("--database-url={}", self.database.url());
        let key = format!("--encryption-key={}", self.encryption_key().trim());
        let mut arguments = vec!["serve", "--listen=127.0.0.1:0", "--log-filter=trace", WIDE_LIMITS[2], &url];
        if self.database.file().is_none() {
            arguments.push(&key);
        }
        let arguments: Vec<_> = arguments.into_iter().map(OsStr::new).collect();
        let mut program = RunningProgram::start(&crate::operator::program(), &arguments, &[]);
        let line = program.line().await;
        let listens = line.split_whitespace().find(|word| word.starts_with("http://"));
        (program, listens.unwrap_or_else(|| panic!("{line}")).to_owned())
    }

    /// All that a SQLite database has stored; `None` on PostgreSQL.
    pub fn database_bytes(&self) -> Option<Vec<u8>> {
        let file = self.database.file()?;
        let beside = |ending: &str| std::fs::read(format!("{}{ending}", file.display())).unwrap_or_default();
        Some([beside(""), beside("-wal")].concat())
    }

    /// The key that encrypts secrets.
    pub fn encryption_key(&self) -> String {
        let beside = self.database.file().map(|file| file.with_file_name("encryption.key"));
        let read = |file| std::fs::read_to_string(file).expect("the key is beside the database");
        beside.map_or_else(|| key_in(ENCRYPTION_KEY).to_owned(), read)
    }

    /// Creates a key of the workspace `default` with these scopes, or the default ones if empty.
    pub async fn new_key(&self, scopes: &[&str]) -> Key {
        self.new_key_of(&self.workspace, scopes).await
    }

    /// Creates a key of a workspace with these scopes, or the default ones if empty.
    pub async fn new_key_of(&self, workspace: &Workspace, scopes: &[&str]) -> Key {
        self.as_operator().create_key(&workspace.slug, scopes).await
    }

    /// Creates a workspace with its channel and a key with the default scopes.
    pub async fn new_workspace(&self, name: &str) -> Workspace {
        self.as_operator().create_workspace(name).await
    }

    /// Creates an account with a password and these roles, at home in a workspace or in none.
    pub async fn new_account(&self, email: &str, workspace: Option<&Workspace>, roles: &[&str]) -> Account {
        self.as_operator().create_account(email, workspace, roles).await
    }

    /// Adds an account, by username or id, to a workspace as a member or an administrator.
    pub async fn add_to_workspace(&self, account: &str, workspace: &Workspace, is_admin: bool) {
        let mut arguments = vec!["workspaces", "add", account, "--workspace", &workspace.slug, "--json"];
        arguments.extend(is_admin.then_some("--admin"));
        self.operator(&arguments).await;
    }

    /// Creates an empty flow of a workspace with the access mode `invitation`, `link` or `organization`.
    pub async fn new_flow(&self, workspace: &Workspace, name: &str, access_mode: &str) -> Flow {
        self.as_operator().create_flow(workspace, name, access_mode).await
    }

    /// Adds an account, by username or id, to a flow, and to its workspace if it is no member.
    pub async fn add_to_flow(&self, account: &str, flow: &Flow) {
        let Flow { slug, workspace, .. } = flow;
        self.operator(&["flows", "add", account, "--workspace", workspace, "--flow", slug, "--json"]).await;
    }

    fn as_operator(&self) -> Operator {
        Operator { database_url: self.database.url() }
    }

    fn client(&self, credential: Credential) -> Client {
        Client::new(self.http.clone(), self.address, credential)
    }

    async fn launch(more: &[&str], time: Time, template: Option<&Template>) -> Self {
        let (database, (source, clock)) = match template {
            Some(template) => (TestDatabase::copy(&template.content).await, template.source(time)),
            None => (TestDatabase::empty().await, time.source()),
        };
        let arguments = arguments(&database, more);
        let runtime = ServerRuntime::new();
        let running = runtime.run(&arguments, &source).await;
        let Beginnings { workspace, administrator } = match template {
            Some(template) => template.beginnings.clone(),
            None => beginnings_of(&running),
        };
        let http = reqwest::Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none()).build();
        let http = http.expect("cannot create an HTTP client");
        let address = running.address;
        Self {
            workspace,
            administrator,
            address,
            running: Some(running),
            runtime,
            http,
            arguments,
            source,
            clock,
            database: Arc::new(database),
        }
    }
}

/// The runtime of a server: several threads, as in production, whatever runtime the test has. Dropping it ends everything
/// that runs there.
struct ServerRuntime(Option<Runtime>);

impl ServerRuntime {
    fn new() -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
        Self(Some(runtime.expect("cannot create a runtime")))
    }

    async fn run(&self, arguments: &[String], source: &Source) -> RunningServer {
        let (arguments, source) = (arguments.to_owned(), source.clone());
        self.spawn(async move { run(&arguments, &source).await }).await
    }

    async fn spawn<T: Send + 'static>(&self, work: impl Future<Output = T> + Send + 'static) -> T {
        let runtime = self.0.as_ref().expect("a runtime until it is dropped");
        match runtime.spawn(work).await {
            Ok(done) => done,
            Err(error) => std::panic::resume_unwind(error.into_panic()),
        }
    }
}

impl Drop for ServerRuntime {
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take() {
            // The test's own runtime must not wait.
            runtime.shutdown_background();
        }
    }
}

/// The arguments of `denizen serve` on a database: the tests' defaults and these.
pub(crate) fn arguments(database: &TestDatabase, more: &[&str]) -> Vec<String> {
    let mut arguments = vec![
        "--listen=127.0.0.1:0".to_owned(),
        format!("--database-url={}", database.url()),
        "--database-connections=8".to_owned(),
        "--sqlite-synchronous=normal".to_owned(),
    ];
    let has_key = database.file().is_some() || more.iter().any(|set| set.starts_with("--encryption-key"));
    arguments.extend((!has_key).then(|| ENCRYPTION_KEY.to_owned()));
    let name = |argument: &str| argument.split('=').next().map(str::to_owned);
    let wide = WIDE_LIMITS.iter().filter(|wide| !more.iter().any(|set| name(set) == name(wide)));
    let more = more.iter().filter(|argument| **argument != NO_ENCRYPTION_KEY);
    arguments.extend(wide.chain(more).map(|&argument| argument.to_owned()));
    arguments
}

/// What the first start created.
pub(crate) fn beginnings_of(running: &RunningServer) -> Beginnings {
    let first_start = running.first_start.as_ref().expect("no first start");
    let first = first_start.workspace.as_ref().expect("no first workspace");
    let key = serde_json::to_value(&first.key).expect("cannot serialize a key");
    let workspace = Workspace {
        id: first.workspace.id.to_string(),
        number: first.workspace.number.as_i64(),
        slug: first.workspace.slug.to_string(),
        channel_id: first.channel.id.to_string(),
        key: Key::from_json(&key),
    };
    let first = first_start.administrator.as_ref().expect("no first administrator");
    let administrator = Account {
        id: first.account.id.to_string(),
        number: first.account.number.as_i64(),
        username: first.account.username.to_string(),
        password: first.password.expose().to_owned(),
    };
    Beginnings { workspace, administrator }
}

pub(crate) async fn run(arguments: &[String], source: &Source) -> RunningServer {
    let command = ServeCommand::with_arguments(arguments).expect("invalid arguments");
    let running = RunningServer::start(&command.database, &command.serve, source.clone()).await;
    running.unwrap_or_else(|error| panic!("the server does not start: {error:#}"))
}
