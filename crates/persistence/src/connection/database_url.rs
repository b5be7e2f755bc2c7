//! The URL of a database: which of the two it names, and what of it may be shown.

use std::path::PathBuf;

use url::Url;

use super::sqlite_file::sqlite_file;

/// What is wrong with a URL that has none of the schemes.
const SCHEMES: &str = "it must begin with postgres:// or sqlite://";

/// What is usually wrong with a URL that cannot be taken apart.
const ENCODING: &str =
    "in its user, password and parameters, write @ as %40, : as %3A, / as %2F, ? as %3F and # as %23";

/// Why a URL cannot be used. Shows nothing of it but the scheme.
#[derive(Debug, thiserror::Error)]
#[error("cannot use the database URL{shown}: {reason}")]
pub struct InvalidDatabaseUrl {
    shown: String,
    reason: String,
}

impl InvalidDatabaseUrl {
    pub(super) fn new(url: &str, reason: &str) -> Self {
        let shown = scheme_of(url).map_or_else(String::new, |scheme| format!(" {scheme}://…"));
        Self { shown, reason: reason.to_owned() }
    }
}

/// The database that a URL names.
#[derive(Debug)]
pub(super) enum DatabaseUrl {
    Postgres(Url),
    Sqlite(PathBuf),
}

impl DatabaseUrl {
    /// Takes a URL apart.
    ///
    /// An `@` or `#` behind the host is refused: it belongs to a password with an unencoded `/`, `?` or `#`, whose rest
    /// would otherwise be taken for the host and the database, and be shown.
    pub(super) fn parse(text: &str) -> Result<Self, InvalidDatabaseUrl> {
        let invalid = |reason| InvalidDatabaseUrl::new(text, reason);
        match scheme_of(text).map(str::to_ascii_lowercase).as_deref() {
            Some("sqlite") => {
                let file = sqlite_file(text).ok_or_else(|| invalid("sqlite:// needs the path of a file"))?;
                Ok(Self::Sqlite(file))
            }
            Some("postgres" | "postgresql") => {
                let url = Url::parse(text).map_err(|_| invalid(ENCODING))?;
                let behind_host = [url.path(), url.query().unwrap_or_default()];
                let is_clear = url.fragment().is_none() && !behind_host.concat().contains('@');
                if is_clear { Ok(Self::Postgres(url)) } else { Err(invalid(ENCODING)) }
            }
            _ => Err(invalid(SCHEMES)),
        }
    }
}

/// Says where the database of a URL is, without credentials: the file of SQLite, or the address of PostgreSQL. Shows
/// nothing but the scheme of a URL that cannot be read, since the rest may be a part of the password.
pub fn database_location(url: &str) -> String {
    match DatabaseUrl::parse(url) {
        Ok(DatabaseUrl::Sqlite(file)) => file.display().to_string(),
        Ok(DatabaseUrl::Postgres(url)) => format!("{}://{}", url.scheme(), address_of(&url)),
        Err(_) => scheme_of(url).map_or_else(|| "…".to_owned(), |scheme| format!("{scheme}://…")),
    }
}

/// Returns the host, the port if there is one, and the database.
fn address_of(url: &Url) -> String {
    let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
    format!("{}{port}{}", url.host_str().unwrap_or_default(), url.path())
}

/// Returns what stands before `://`, if it can be a scheme.
fn scheme_of(url: &str) -> Option<&str> {
    let (scheme, _) = url.split_once("://")?;
    let is_scheme = !scheme.is_empty() && scheme.bytes().all(|byte| byte.is_ascii_alphabetic());
    is_scheme.then_some(scheme)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_location_has_no_credentials() {
        for (url, location) in [
            (
                "postgres://me:pa55word@db.example:5433/users?sslmode=require",
                "postgres://db.example:5433/users",
            ),
            ("postgresql://me:pa%40%2F55@db.example/users", "postgresql://db.example/users"),
            ("postgres://me:pa@55@db.example/users", "postgres://db.example/users"),
            ("postgres://db.example/users?user=me&password=pa55word", "postgres://db.example/users"),
            ("postgres:///users?host=/run/postgresql", "postgres:///users"),
            ("sqlite://data/a@b.db?mode=rwc", "data/a@b.db"),
        ] {
            assert_eq!(database_location(url), location);
        }
    }

    #[test]
    fn nothing_of_an_unreadable_url_is_shown_but_its_scheme() {
        for (url, shown) in [
            ("postgres://me:pa55/w0rd@t4il@host/users", "postgres://…"),
            ("postgres://me:55/w0rd@t4il:3@host/users", "postgres://…"),
            ("postgres://me:pa55?w0rd@host/users", "postgres://…"),
            ("postgres://me:55?w0rd=t4il@host/users", "postgres://…"),
            ("postgres://me:55#w0rd@host/users", "postgres://…"),
            ("postgresql://me:pa55#w0rd", "postgresql://…"),
            ("postgres://pa55/w0rd@host/users", "postgres://…"),
            ("mysql://me:pa55w0rd@host/users", "mysql://…"),
            ("postgres:/me:pa55w0rd@host/users", "…"),
            ("me:pa55w0rd@host/users", "…"),
            ("pa55w0rd://host", "…"),
            ("sqlite://", "sqlite://…"),
            ("pa55w0rd", "…"),
        ] {
            assert_eq!(database_location(url), shown, "{url}");
            let error = DatabaseUrl::parse(url).unwrap_err().to_string();
            for secret in ["pa55", "w0rd", "t4il", "55/", "host"] {
                assert!(!error.contains(secret), "{url}: {error}");
            }
        }
    }
}
