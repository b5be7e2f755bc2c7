//! A private PostgreSQL cluster in a temporary folder, fast because its data need not be durable.

use std::io::Write as _;
use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, anyhow};

use super::folder::Folder;
use crate::command;

/// What a server is for.
#[derive(Debug, Clone, Copy)]
pub(super) enum Purpose {
    /// Many short-lived databases, which nobody misses after a crash.
    Tests,
    /// PostgreSQL's own settings, on the disk: every commit waits for it.
    Measurements,
}

impl Purpose {
    const fn settings(self) -> &'static str {
        match self {
            Self::Tests => {
                "max_connections = 400\n\
                 shared_buffers = 128MB\n\
                 fsync = off\n\
                 full_page_writes = off\n\
                 synchronous_commit = off\n\
                 wal_level = minimal\n\
                 max_wal_senders = 0\n\
                 wal_init_zero = off\n\
                 autovacuum = off\n"
            }
            Self::Measurements => "",
        }
    }
}

/// A running server and its folder, stopped and deleted on drop.
#[derive(Debug)]
pub(super) struct Cluster {
    programs: PathBuf,
    folder: Folder,
    owner: Option<User>,
    port: u16,
}

impl Cluster {
    /// Creates a cluster with the programs in a folder, starts it on a free port of 127.0.0.1, and waits until it
    /// accepts connections.
    pub(super) fn start(programs: &Path, purpose: Purpose) -> Result<Self> {
        let user = rustix::process::geteuid();
        // PostgreSQL refuses to run as root.
        let owner = if user.is_root() { Some(User::of_databases()?) } else { None };
        let of_folder = |folder, port| Self { programs: programs.to_owned(), folder, owner, port };
        for folder in Folder::abandoned(owner.map_or(user.as_raw(), |owner| owner.id)) {
            // The drop stops a server that may still run in the folder.
            drop(of_folder(folder, 0));
        }
        let folder = match purpose {
            Purpose::Tests => Folder::create()?,
            Purpose::Measurements => Folder::on_disk()?,
        };
        if let Some(owner) = owner {
            chown(folder.path(), Some(owner.id), Some(owner.group)).context("cannot give a folder away")?;
        }
        let cluster = of_folder(folder, free_port()?);
        cluster.initialize()?;
        cluster.configure(purpose)?;
        cluster.launch()?;
        Ok(cluster)
    }

    /// Returns the URL, with the superuser. Without TLS, which would slow tests down; those of TLS ask for it.
    pub(super) fn url(&self) -> String {
        format!("postgres://postgres@127.0.0.1:{}/postgres?sslmode=disable", self.port)
    }

    fn initialize(&self) -> Result<()> {
        let mut initdb = self.program("initdb");
        initdb.args(["--username=postgres", "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync"]);
        command::output(&mut initdb).map(drop)
    }

    /// Makes a certificate that no authority knows. Returns whether there is one: Debian's PostgreSQL brings `openssl` along,
    /// others may not.
    fn has_certificate(&self) -> bool {
        let mut openssl = Command::new("openssl");
        openssl.args(["req", "-x509", "-nodes", "-days", "2", "-subj", "/CN=localhost", "-newkey", "ec"]);
        openssl.args([
            "-pkeyopt",
            "ec_paramgen_curve:prime256v1",
            "-keyout",
            "server.key",
            "-out",
            "server.crt",
        ]);
        self.give_to_owner(openssl.current_dir(self.data()));
        command::output(&mut openssl).is_ok()
    }

    fn configure(&self, purpose: Purpose) -> Result<()> {
        let has_tls = matches!(purpose, Purpose::Tests) && self.has_certificate();
        let settings = format!(
            "listen_addresses = '127.0.0.1'\nport = {}\nunix_socket_directories = '{}'\nssl = {has_tls}\n{}",
            self.port,
            self.folder.path().display(),
            purpose.settings(),
        );
        // Append to the settings from `initdb`; the last value counts.
        let file = std::fs::OpenOptions::new().append(true).open(self.data().join("postgresql.conf"));
        file.and_then(|mut file| file.write_all(settings.as_bytes())).context("cannot configure PostgreSQL")
    }

    fn launch(&self) -> Result<()> {
        let log = self.folder.path().join("log");
        let mut start = self.program("pg_ctl");
        start.args(["start", "--wait", "--timeout=60", "--silent", "--log"]).arg(&log);
        command::output(&mut start).map(drop).map_err(|error| {
            let log = std::fs::read_to_string(&log).unwrap_or_default();
            error.context(format!("PostgreSQL does not start:\n{log}"))
        })
    }

    /// Returns one of PostgreSQL's programs, run by the cluster's owner on its data.
    fn program(&self, name: &str) -> Command {
        let mut command = Command::new(self.programs.join(name));
        command.arg("--pgdata").arg(self.data()).current_dir(self.folder.path()).env("LC_ALL", "C");
        self.give_to_owner(&mut command);
        command
    }

    /// Makes the cluster's owner run a program.
    fn give_to_owner(&self, command: &mut Command) {
        if let Some(owner) = self.owner {
            command.uid(owner.id).gid(owner.group);
        }
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        let mut stop = self.program("pg_ctl");
        stop.args(["stop", "--mode=immediate", "--wait", "--silent"]);
        command::clean_up(&mut stop, "");
    }
}

/// A user of this machine: user id and group id.
#[derive(Debug, Clone, Copy)]
struct User {
    id: u32,
    group: u32,
}

impl User {
    /// Returns `postgres`, the user of Debian's PostgreSQL package, or otherwise `nobody`.
    fn of_databases() -> Result<Self> {
        let users = std::fs::read_to_string("/etc/passwd").context("cannot read the list of users")?;
        ["postgres", "nobody"].iter().find_map(|name| Self::find(&users, name)).ok_or_else(|| {
            anyhow!("PostgreSQL refuses to run as root, and there is no user postgres or nobody")
        })
    }

    /// Finds a user in the text of a `passwd` file.
    fn find(users: &str, name: &str) -> Option<Self> {
        users.lines().find_map(|line| {
            let mut fields = line.split(':');
            let found = fields.next() == Some(name);
            let id = fields.nth(1)?.parse().ok()?;
            let group = fields.next()?.parse().ok()?;
            found.then_some(Self { id, group })
        })
    }
}

/// Returns a port that is free at this moment.
fn free_port() -> Result<u16> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("cannot find a free port")?;
    Ok(listener.local_addr()?.port())
}

#[cfg(test)]
mod tests {
    use super::User;

    #[test]
    fn finds_a_user_by_its_full_name() {
        let users =
            "root:x:0:0::/root:/bin/sh\nbroken\npostgresql:x:7:8:::\npostgres:x:101:104:,,,:/var:/bin/sh\n";
        let found = User::find(users, "postgres").map(|user| (user.id, user.group));
        assert_eq!(found, Some((101, 104)));
        assert!(User::find(users, "nobody").is_none());
    }
}
