//! The catalogue of components: what the steps of a flow can do.

use axum::Json;
use denizen_domain::{Coded as _, Function};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::pages::WithMeta;
use crate::contracts::samples;
use crate::guards::caller::{Caller, IsLoggedIn};

/// A component: functions that work with the same things.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = samples::component)]
pub(crate) struct Component {
    /// Its id, the `componentId` of a node.
    id: &'static str,
    /// Its functions.
    functions: Vec<ComponentFunction>,
}

/// A function of a component.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ComponentFunction {
    /// Its name, the `function` of a node.
    name: &'static str,
    /// What it does.
    description: &'static str,
    /// The JSON Schema of its `fields`. A text that begins with `=` is an expression, and may stand for any value.
    #[schema(value_type = HashMap<String, Value>)]
    schema: Value,
    /// The permission that the maker of the flow needs when such a step is done; null if it needs none.
    #[schema(required)]
    permission: Option<&'static str>,
}

/// Lists components
///
/// What the nodes of a flow can name as `componentId` and `function`, with the fields that each function takes.
#[utoipa::path(get, path = "/components", operation_id = "components.list", tag = "Components",
    responses((status = 200, body = WithMeta<Vec<Component>>)),
    security(("account_token" = []), ("session_cookie" = [])))]
pub(crate) async fn list(_: Caller<IsLoggedIn>) -> Json<WithMeta<Vec<Component>>> {
    let mut components: Vec<Component> = Vec::new();
    for &function in Function::ALL {
        let shown = ComponentFunction {
            name: function.name(),
            description: function.about(),
            schema: function.schema(),
            permission: function.right().map(|right| right.permission.code()),
        };
        match components.last_mut() {
            Some(component) if component.id == function.component() => component.functions.push(shown),
            _ => components.push(Component { id: function.component(), functions: vec![shown] }),
        }
    }
    Json(WithMeta::of(components))
}
