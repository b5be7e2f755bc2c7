//! The catalogue of permissions.

use axum::response::Response;
use denizen_domain::{Coded as _, Permission};

use super::meta::Meta;
use crate::guards::caller::{Caller, IsLoggedIn};

/// Lists permissions
///
/// Returns the codes that can be granted in roles and directly. Only holders of `all` see permissions that reach beyond
/// one workspace, because only they can grant them.
#[utoipa::path(get, path = "/permissions", operation_id = "permissions.list", tag = "Permissions", params(Meta),
    responses((status = 200, body = Vec<String>, example = json!(["tenant.all", "tenant.profile.read", "tenant.roles.read"]))),
    security(("account_token" = []), ("session_cookie" = [])))]
pub(crate) async fn list(caller: Caller<IsLoggedIn>, meta: Meta) -> Response {
    let sees_all = caller.authority().holds(Permission::All);
    let shown = Permission::ALL.iter().filter(|permission| sees_all || !permission.is_restricted());
    meta.all(&shown.map(|permission| permission.code()).collect::<Vec<_>>())
}
