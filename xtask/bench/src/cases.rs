//! What is measured, and what it is compared with.

use clap::ValueEnum;
use serde::Serialize;

use crate::directory::{Database, Directory};
use crate::load::Request;

/// A yardstick.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Yardstick {
    /// The same answer from memory.
    Hello,
    /// The same query, and nothing else.
    Skeleton,
    /// The same inserts, without HTTP.
    Inserts,
}

/// A case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Case {
    /// GET of any user by external id
    Get,
    /// GET of one of a thousand users by external id
    GetRecent,
    /// GET of any user by username
    GetByUsername,
    /// GET of any user by UUID
    GetById,
    /// GET of a page of 50
    Page,
    /// GET of page 2,000, of 50, by number
    DeepPage,
    /// GET of the ten users whose e-mail address contains a text
    Search,
    /// PUT that creates a user
    Create,
    /// PUT that changes a user
    Update,
}

impl Case {
    /// Its name, as on the command line.
    pub(crate) fn name(self) -> String {
        self.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default()
    }

    /// The request to the server.
    pub(crate) fn request(self, directory: &Directory) -> Request {
        let request = |method, path: &str, headers, body: &str| Request {
            method,
            path: path.to_owned(),
            headers,
            body: body.to_owned(),
        };
        let (pair, key, authorization) =
            (directory.key_pair(), directory.api_key(), directory.authorization());
        match self {
            Self::Get => request("GET", "/admin/users/{user}", pair, ""),
            Self::GetRecent => request("GET", "/admin/users/{recent}", pair, ""),
            Self::GetByUsername => request("GET", "/api/v1/external-users/username/{user}", key, ""),
            Self::GetById => request("GET", "/api/v1/external-users/{id}", key, ""),
            Self::Page => request("GET", "/admin/users?limit=50", pair, ""),
            Self::DeepPage => {
                request("GET", "/api/v1/external-users?pageSize=50&pageNumber=2000", authorization, "")
            }
            Self::Search => request("GET", "/api/v1/external-users?search={ten}", authorization, ""),
            Self::Create => request("PUT", "/admin/users/{new}", pair, NEW),
            Self::Update => request("PUT", "/admin/users/{user}", pair, CHANGE),
        }
    }

    /// The request to the yardstick, if it is a server.
    pub(crate) fn yardstick_request(self) -> Request {
        let path = match self {
            Self::Page | Self::DeepPage | Self::Search => "/admin/users",
            _ => "/admin/users/{user}",
        };
        Request { method: "GET", path: path.to_owned(), headers: Vec::new(), body: String::new() }
    }

    /// The yardstick.
    pub(crate) fn yardstick(self) -> Yardstick {
        match self {
            Self::GetRecent => Yardstick::Hello,
            Self::Get | Self::GetByUsername | Self::GetById | Self::Page | Self::DeepPage | Self::Search => {
                Yardstick::Skeleton
            }
            Self::Create | Self::Update => Yardstick::Inserts,
        }
    }

    /// The ratio to the yardstick that is to be reached on a database.
    pub(crate) fn goal(self, database: Database) -> f64 {
        match (self, database) {
            (Self::Get | Self::GetByUsername | Self::GetById | Self::Page, _) => 0.85,
            (Self::GetRecent, _) => 0.5,
            (Self::DeepPage | Self::Search, _) => 0.3,
            (Self::Create | Self::Update, Database::Postgres) => 0.75,
            (Self::Create | Self::Update, Database::Sqlite) => 1.0,
        }
    }
}

/// A new user.
const NEW: &str = r#"{"email":"{new}@example.com","first_name":"Ada","last_name":"Ångström","locale":"sv-SE","custom_fields":{"plan":"team","seats":12,"company":{"name":"Company 7","size":50},"tags":["a","b"],"note":"Met at the fair; asked for a call back. Met at the fair; asked for a call back."}}"#;

/// A change of a user, different each time.
const CHANGE: &str = r#"{"custom_fields":{"last_seen":"{new}"}}"#;
