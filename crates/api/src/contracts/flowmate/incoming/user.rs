//! In whose name a flow runs that a request starts.

use denizen_domain::{ExternalUserId, Json, Result, WorkspaceId};
use denizen_persistence::ExternalUserName;

use crate::state::AppState;

/// Returns the external user that `user` of the data names: by its username, or as an object by its `id`, `externalId` or
/// `username`, the first of these. `None` if it names none of the workspace.
pub(super) async fn user_of(
    state: &AppState,
    workspace_id: WorkspaceId,
    data: &Json,
) -> Result<Option<ExternalUserId>> {
    let Some(name) = name_in(data) else { return Ok(None) };
    let user = state.cache().external_user(workspace_id, name).await?;
    Ok(user.map(|user| user.id))
}

fn name_in(data: &Json) -> Option<ExternalUserName> {
    let Json::Object(members) = data else { return None };
    let user = match members.get("user")? {
        Json::Object(user) => user,
        username => return text(username).map(ExternalUserName::Username),
    };
    let named = ["id", "externalId", "username"].into_iter();
    let (key, value) =
        named.filter_map(|key| Some((key, user.get(key)?))).find(|(_, value)| **value != Json::Null)?;
    let value = text(value)?;
    match key {
        "id" => value.parse().ok().map(ExternalUserName::Id),
        "externalId" => Some(ExternalUserName::ExternalId(value)),
        _ => Some(ExternalUserName::Username(value)),
    }
}

/// Returns a text that can be the name of a user.
fn text(value: &Json) -> Option<String> {
    match value {
        Json::String(text) if !text.is_empty() && !text.contains('\0') => Some(text.clone()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn data_names_a_user_by_username_or_as_an_object() {
        let id = "7d444840-9dc0-41d1-b245-5ffdce74fad2";
        let named = |data: Value| match name_in(&Json::from(data)) {
            Some(ExternalUserName::Id(id)) => format!("id {id}"),
            Some(ExternalUserName::ExternalId(text)) => format!("external id {text}"),
            Some(ExternalUserName::Username(text)) => format!("username {text}"),
            None => "nobody".to_owned(),
        };
        for (data, name) in [
            (json!({ "user": "jane" }), "username jane"),
            (json!({ "user": { "username": "jane" } }), "username jane"),
            (json!({ "user": { "username": "jane", "externalId": "7" } }), "external id 7"),
            (json!({ "user": { "externalId": "7", "id": id } }), &format!("id {id}")),
            (json!({ "user": { "externalId": "7", "id": null } }), "external id 7"),
            (json!({ "user": { "externalId": "7", "id": "8" } }), "nobody"),
            (json!({ "user": { "name": "jane" } }), "nobody"),
            (json!({ "user": "a\0b" }), "nobody"),
            (json!({ "user": "" }), "nobody"),
            (json!({ "user": 7 }), "nobody"),
            (json!({ "username": "jane" }), "nobody"),
            (json!(["user"]), "nobody"),
        ] {
            assert_eq!(named(data.clone()), name, "{data}");
        }
    }
}
