//! What the skeletons send: users and pages as `/admin` has them, and users as Zaia has them.

use serde::Serialize;
use serde_json::value::RawValue;
use uuid::Uuid;

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

/// The columns of a whole user, in the order of [`WholeUser`]'s fields.
pub(super) const WHOLE_COLUMNS: &str = "id, workspace_id, channel_id, external_id, identifier, display_name, first_name, \
                                        last_name, email, phone, avatar, locale, timezone, custom_fields, \
                                        external_user_group_id, tier_id, super_identity_id, blocked, created_at, \
                                        updated_at";

/// A user as in Zaia's lists.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct WholeUser {
    pub(super) id: Uuid,
    pub(super) workspace_id: Uuid,
    pub(super) project_id: Uuid,
    pub(super) channel_id: Uuid,
    pub(super) external_id: Option<String>,
    pub(super) identifier: Option<String>,
    pub(super) name: Option<String>,
    pub(super) display_name: Option<String>,
    pub(super) first_name: Option<String>,
    pub(super) last_name: Option<String>,
    pub(super) email: Option<String>,
    pub(super) phone: Option<String>,
    pub(super) avatar: Option<String>,
    pub(super) locale: Option<String>,
    pub(super) timezone: Option<String>,
    pub(super) custom_fields: Box<RawValue>,
    pub(super) external_user_group_id: Option<Uuid>,
    pub(super) tier_id: Option<Uuid>,
    pub(super) super_identity_id: Uuid,
    pub(super) blocked: bool,
    pub(super) access: Access,
    pub(super) created_at: String,
    pub(super) updated_at: String,
}

/// That a user is not blocked: nobody here is.
#[derive(Default, Serialize)]
pub(super) struct Access {
    state: Active,
    reason: (),
    since: (),
    until: (),
    by: (),
}

#[derive(Default, Serialize)]
#[serde(rename_all = "lowercase")]
enum Active {
    #[default]
    Active,
}
