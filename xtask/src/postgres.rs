//! A PostgreSQL server for tests and code generation: an existing one, or a private temporary one.

mod cluster;
mod folder;
mod programs;

use std::process::Command;

use anyhow::{Context as _, Result};

use crate::command;
use cluster::{Cluster, Purpose};

/// The variable with the URL of a server on which databases may be created and dropped.
pub(crate) const URL_VARIABLE: &str = "TEST_DATABASE_URL";

/// A PostgreSQL server on which databases may be created and dropped. A private one stops on drop.
#[derive(Debug)]
pub(crate) struct Server {
    url: String,
    _cluster: Option<Cluster>,
}

impl Server {
    /// Returns the server of `TEST_DATABASE_URL`, or else a private one, installing its programs if needed and allowed.
    pub(crate) fn obtain() -> Result<Self> {
        match std::env::var(URL_VARIABLE) {
            Ok(url) if !url.is_empty() => Ok(Self { url, _cluster: None }),
            _ => Self::start(Purpose::Tests),
        }
    }

    /// Starts a private server as an operator would run it, for measurements.
    pub(crate) fn for_measurements() -> Result<Self> {
        Self::start(Purpose::Measurements)
    }

    fn start(purpose: Purpose) -> Result<Self> {
        let cluster = Cluster::start(&programs::find_or_install()?, purpose)?;
        Ok(Self { url: cluster.url(), _cluster: Some(cluster) })
    }

    /// Returns the URL, with a user who may create databases.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// Returns the version, such as `15.18`.
    pub(crate) fn version(&self) -> Result<String> {
        let version = self.execute("SHOW server_version")?;
        // Distributions append text: `15.18 (Debian 15.18-0+deb12u1)`.
        Ok(version.split_whitespace().next().unwrap_or_default().to_owned())
    }

    /// Creates an empty database, passes its URL to `work`, and drops it, even after an error.
    pub(crate) fn with_empty_database<T>(&self, work: impl FnOnce(&str) -> Result<T>) -> Result<T> {
        let name = format!("denizen_xtask_{}", std::process::id());
        self.execute(&format!("CREATE DATABASE {name}")).context("cannot create a database")?;
        let outcome = work(&with_database(&self.url, &name));
        self.execute(&format!("DROP DATABASE {name} WITH (FORCE)")).context("cannot drop a database")?;
        outcome
    }

    /// Returns a unique name prefix for the databases of a test run. Dropping the result drops the databases.
    pub(crate) fn test_databases(&self) -> Result<TestDatabases<'_>> {
        let random = self.execute("SELECT replace(gen_random_uuid()::text, '-', '')")?;
        Ok(TestDatabases { server: self, prefix: format!("denizen_test_{}_", &random.trim()[..12]) })
    }

    /// Runs a statement, and returns its result.
    fn execute(&self, statement: &str) -> Result<String> {
        command::output(self.psql()?.args(["--command", statement]))
    }

    fn psql(&self) -> Result<Command> {
        let mut psql = Command::new(programs::client()?);
        psql.args(["--no-psqlrc", "--quiet", "--tuples-only", "--no-align", "--set=ON_ERROR_STOP=1"]);
        psql.args(["--dbname", &self.url]);
        Ok(psql)
    }
}

/// All databases whose names start with a prefix. Drops them on drop.
#[derive(Debug)]
pub(crate) struct TestDatabases<'a> {
    server: &'a Server,
    prefix: String,
}

impl TestDatabases<'_> {
    /// Returns the prefix, which contains only letters, digits and `_`.
    pub(crate) fn prefix(&self) -> &str {
        &self.prefix
    }
}

impl Drop for TestDatabases<'_> {
    fn drop(&mut self) {
        let Ok(mut psql) = self.server.psql() else { return };
        let drops = format!(
            "SELECT format('DROP DATABASE %I WITH (FORCE)', datname) FROM pg_database \
             WHERE starts_with(datname, '{}') \\gexec\n",
            self.prefix
        );
        command::clean_up(&mut psql, &drops);
    }
}

/// Returns a URL with another database.
fn with_database(url: &str, name: &str) -> String {
    let (address, query) = url.split_once('?').map_or((url, None), |(address, query)| (address, Some(query)));
    let authority = address.find("://").map_or(0, |scheme| scheme + 3);
    let end = address[authority..].find('/').map_or(address.len(), |slash| authority + slash);
    let query = query.map(|query| format!("?{query}")).unwrap_or_default();
    format!("{}/{name}{query}", &address[..end])
}

#[cfg(test)]
mod tests {
    use super::with_database;

    #[test]
    fn replaces_the_database_in_a_url() {
        for (url, other) in [
            ("postgres://a:b@host:5432/postgres", "postgres://a:b@host:5432/new"),
            ("postgres://host", "postgres://host/new"),
            ("postgres://host?sslmode=require", "postgres://host/new?sslmode=require"),
            ("postgres://host/old?options=a/b", "postgres://host/new?options=a/b"),
        ] {
            assert_eq!(with_database(url, "new"), other);
        }
    }
}
