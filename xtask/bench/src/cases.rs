//! The requests that are measured, and what each is compared with.

use std::fmt;

use clap::ValueEnum;
use serde::Serialize;
use uuid::Uuid;

use crate::directory::{Database, Directory, Landmarks};
use crate::load::Request;
use crate::yardstick::{Filters, Yardstick};

/// The page that is deep in a list.
const DEEP: u64 = 2_000;

/// How many of a hundred users eight of twenty groups and three of five tiers have: 24, but for chance.
const FILTERED_OF_100: u64 = 22;

/// One kind of request.
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
    /// GET of a page of 50, by a cursor near the end
    PageAtEnd,
    /// GET of page 2,000, of 50, by number
    DeepPage,
    /// GET of a page of 50 users of a group and a tier
    FilteredPage,
    /// GET of page 2,000, of 50, of eight groups and three tiers
    FilteredDeepPage,
    /// GET of the twenty users whose e-mail address contains a text
    Search,
    /// GET of users found by two letters
    SearchTwoLetters,
    /// GET of users found by one letter
    SearchOneLetter,
    /// PUT that changes a user
    Update,
    /// PUT that creates a user
    Create,
}

impl fmt::Display for Case {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.to_possible_value().as_ref().map_or("", |value| value.get_name()))
    }
}

impl Case {
    /// The request to the server. In a small directory, the deep pages are its last.
    pub(crate) fn request(self, directory: &Directory, landmarks: &Landmarks) -> Request {
        let request = |method, path: &str, headers, body: &str| Request {
            method,
            path: path.to_owned(),
            headers,
            body: body.to_owned(),
        };
        let (notiflows, flowra, zaia) =
            (directory.key.notiflows(), directory.key.flowra(), directory.key.zaia());
        let list = |query: &str| {
            request("GET", &format!("/api/v1/external-users?pageSize=50{query}"), zaia.clone(), "")
        };
        let filters = self.filters(directory);
        match self {
            Self::Get => request("GET", "/admin/users/{user}", notiflows, ""),
            Self::GetRecent => request("GET", "/admin/users/{recent}", notiflows, ""),
            Self::GetByUsername => request("GET", "/api/v1/external-users/username/{user}", flowra, ""),
            Self::GetById => request("GET", "/api/v1/external-users/{id}", flowra, ""),
            Self::Page => request("GET", "/admin/users?limit=50", notiflows, ""),
            Self::PageAtEnd => {
                let after = match landmarks.cursor_near_end.as_str() {
                    "" => String::new(),
                    cursor => format!("&after={cursor}"),
                };
                request("GET", &format!("/admin/users?limit=50{after}"), notiflows, "")
            }
            Self::DeepPage => list(&format!("&pageNumber={}", deep_page_of(landmarks.users))),
            Self::FilteredPage => list(&filters.query()),
            Self::FilteredDeepPage => {
                let page = deep_page_of(landmarks.users * FILTERED_OF_100 / 100);
                list(&format!("{}&pageNumber={page}", filters.query()))
            }
            Self::Search => list("&search={twenty}"),
            Self::SearchTwoLetters => list("&search={letters}"),
            Self::SearchOneLetter => list("&search={letter}"),
            Self::Update => request("PUT", "/admin/users/{user}", notiflows, CHANGE),
            Self::Create => request("PUT", "/admin/users/{new}", notiflows, NEW),
        }
    }

    /// The request to the yardstick, if it is a server.
    pub(crate) fn yardstick_request(self) -> Request {
        let path = match self {
            Self::Page
            | Self::PageAtEnd
            | Self::DeepPage
            | Self::Search
            | Self::SearchTwoLetters
            | Self::SearchOneLetter => "/admin/users",
            Self::FilteredPage | Self::FilteredDeepPage => "/api/v1/external-users",
            Self::Get
            | Self::GetRecent
            | Self::GetByUsername
            | Self::GetById
            | Self::Update
            | Self::Create => "/admin/users/{user}",
        };
        Request { method: "GET", path: path.to_owned(), headers: Vec::new(), body: String::new() }
    }

    /// The groups and tiers whose users are asked for.
    pub(crate) fn filters(self, directory: &Directory) -> Filters {
        let first = |count: usize, ids: &[Uuid]| ids.iter().take(count).copied().collect();
        let (groups, tiers) = (&directory.places.groups, &directory.places.tiers);
        match self {
            Self::FilteredPage => Filters { groups: first(1, groups), tiers: first(1, tiers) },
            Self::FilteredDeepPage => Filters { groups: first(8, groups), tiers: first(3, tiers) },
            _ => Filters::default(),
        }
    }

    /// The yardstick.
    pub(crate) fn yardstick(self) -> Yardstick {
        match self {
            Self::GetRecent => Yardstick::Hello,
            Self::Update | Self::Create => Yardstick::Inserts,
            _ => Yardstick::Skeleton,
        }
    }

    /// The ratio to the yardstick that is to be reached on a database. Searches for a letter or two may take what they
    /// take, unless it grows with the directory.
    pub(crate) fn goal(self, database: Database) -> Option<f64> {
        match (self, database) {
            (
                Self::Get
                | Self::GetByUsername
                | Self::GetById
                | Self::Page
                | Self::PageAtEnd
                | Self::FilteredPage,
                _,
            ) => Some(0.85),
            (Self::GetRecent, _) => Some(0.5),
            (Self::DeepPage | Self::FilteredDeepPage | Self::Search, _) => Some(0.3),
            (Self::SearchTwoLetters | Self::SearchOneLetter, _) => None,
            (Self::Update | Self::Create, Database::Postgres) => Some(0.75),
            (Self::Update | Self::Create, Database::Sqlite) => Some(1.0),
        }
    }

    /// Whether it costs the same among so many users as among more: a page is full, and as deep, and the answer does not
    /// come from memory.
    pub(crate) fn has_cost_among(self, users: u64) -> bool {
        match self {
            Self::GetRecent => false,
            Self::FilteredPage => users >= 10_000,
            Self::DeepPage => users >= DEEP * 50,
            Self::FilteredDeepPage => users * FILTERED_OF_100 / 100 >= DEEP * 50,
            _ => true,
        }
    }

    /// Whether the server does what the skeleton does, and should take not much more processor time.
    pub(crate) fn is_look_up(self) -> bool {
        matches!(self, Self::Get | Self::GetByUsername | Self::GetById)
    }
}

/// Returns the number of a deep page in a list of so many users.
fn deep_page_of(users: u64) -> u64 {
    (users / 50).clamp(1, DEEP)
}

/// A new user.
const NEW: &str = r#"{"email":"{new}@example.com","first_name":"Ada","last_name":"Ångström","locale":"sv-SE","custom_fields":{"plan":"team","seats":12,"company":{"name":"Company 7","size":50},"tags":["a","b"],"note":"Met at the fair; asked for a call back. Met at the fair; asked for a call back."}}"#;

/// A change of a user, different each time.
const CHANGE: &str = r#"{"custom_fields":{"last_seen":"{new}"}}"#;
