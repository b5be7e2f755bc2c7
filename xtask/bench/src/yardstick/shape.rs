//! What the skeletons send: users and pages as `/admin` has them.

use serde::Serialize;
use serde_json::value::RawValue;

/// The columns of a user, in the order of [`User`]'s fields.
pub(super) const COLUMNS: &str = "avatar, created_at, custom_fields, email, external_id, first_name, id, last_name, \
                                  locale, phone, timezone, updated_at";

/// A user.
#[derive(Serialize)]
pub(super) struct User {
    pub(super) avatar: Option<String>,
    pub(super) created_at: String,
    pub(super) custom_fields: Box<RawValue>,
    pub(super) email: Option<String>,
    pub(super) external_id: Option<String>,
    pub(super) first_name: Option<String>,
    pub(super) id: String,
    pub(super) last_name: Option<String>,
    pub(super) locale: Option<String>,
    pub(super) phone: Option<String>,
    pub(super) timezone: Option<String>,
    pub(super) updated_at: String,
}

/// A page of users.
#[derive(Serialize)]
pub(super) struct Page {
    items: Vec<User>,
    page: Cursors,
}

#[derive(Serialize)]
struct Cursors {
    after: Option<String>,
    before: Option<String>,
    has_more_after: bool,
    has_more_before: bool,
    limit: u32,
}

impl Page {
    /// A page with a cursor as long as the server's.
    pub(super) fn of(items: Vec<User>) -> Self {
        let after = items.last().map(|last| format!("{0}{0}{0}", last.id));
        let page = Cursors { after, before: None, has_more_after: true, has_more_before: false, limit: 50 };
        Self { items, page }
    }
}
