//! A PostgreSQL server to test and generate with: a given one, or a private one for as long as it is needed.

mod cluster;
mod programs;

use anyhow::{Context as _, Result};
use tokio_postgres::NoTls;
use url::Url;

use crate::database::block_on;
use cluster::Cluster;

/// The variable that names a server on which databases may be created and dropped.
pub(crate) const URL_VARIABLE: &str = "TEST_DATABASE_URL";

/// A PostgreSQL server on which databases may be created and dropped. A private one ends when this is dropped.
#[derive(Debug)]
pub(crate) struct Server {
    url: Url,
    _cluster: Option<Cluster>,
}

impl Server {
    /// The server of `TEST_DATABASE_URL`; else a private one, from programs that are installed if they have to be
    /// and may be.
    pub(crate) fn obtain() -> Result<Self> {
        match std::env::var(URL_VARIABLE) {
            Ok(url) if !url.is_empty() => {
                let url = url.parse().with_context(|| format!("{URL_VARIABLE} is no URL"))?;
                Ok(Self { url, _cluster: None })
            }
            _ => {
                let cluster = Cluster::start(&programs::find_or_install()?)?;
                Ok(Self { url: cluster.url()?, _cluster: Some(cluster) })
            }
        }
    }

    /// Where it listens, with a user that may create databases.
    pub(crate) fn url(&self) -> &str {
        self.url.as_str()
    }

    /// Its version, such as `15.18`.
    pub(crate) fn version(&self) -> Result<String> {
        block_on(async {
            let client = self.client().await?;
            let version: String = client.query_one("SHOW server_version", &[]).await?.get(0);
            // Distributions add their own words: `15.18 (Debian 15.18-0+deb12u1)`.
            Ok(version.split(' ').next().unwrap_or_default().to_owned())
        })
    }

    /// Makes an empty database, hands its URL to `work`, and drops it, whatever came of that.
    pub(crate) async fn with_empty_database<T>(
        &self,
        work: impl AsyncFnOnce(&str) -> Result<T>,
    ) -> Result<T> {
        let name = format!("denizen_xtask_{}", std::process::id());
        let client = self.client().await?;
        client.batch_execute(&format!("CREATE DATABASE {name}")).await.context("cannot create a database")?;
        let mut url = self.url.clone();
        url.set_path(&name);
        let outcome = work(url.as_str()).await;
        client
            .batch_execute(&format!("DROP DATABASE {name} WITH (FORCE)"))
            .await
            .context("cannot drop a database")?;
        outcome
    }

    async fn client(&self) -> Result<tokio_postgres::Client> {
        let (client, connection) =
            tokio_postgres::connect(self.url(), NoTls).await.context("cannot connect to PostgreSQL")?;
        // What goes wrong with the connection, the client's calls report.
        tokio::spawn(connection);
        Ok(client)
    }
}
