//! Creating templates.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use denizen_persistence::workflows;

use super::super::pages::WithMeta;
use super::answer::TemplateAnswer;
use super::input::{NewTemplateBody, new_template};
use crate::contracts::workflows::input::{Place, object};
use crate::guards::caller::{Caller, CanWriteTemplates};
use crate::state::AppState;
use crate::wire::body::AnyJson;
use crate::wire::error::ApiResult;

/// Creates a template
///
/// It is checked like a flow, and everything that is wrong with it is reported at once, in `errors`. Callers with rights
/// beyond one tenant name the `tenant`, or create the template in their own.
#[utoipa::path(post, path = "/templates", operation_id = "templates.create", tag = "Templates", request_body = NewTemplateBody,
    responses(
        (status = 201, description = "The template was created", body = WithMeta<TemplateAnswer>),
        (status = 409, description = "The tenant has the maximum number of templates", body = crate::wire::envelope::ErrorEnvelope)),
    security(("account_token" = ["templates.write"]), ("session_cookie" = ["templates.write"])))]
pub(crate) async fn create(
    caller: Caller<CanWriteTemplates>,
    State(state): State<AppState>,
    AnyJson(body, unknown, _): AnyJson<NewTemplateBody>,
) -> ApiResult<(StatusCode, Json<WithMeta<TemplateAnswer>>)> {
    let place = Place::of(caller.reach, caller.authority.home);
    let new = new_template(unknown, object(&body)?, place, &state.options().workflow_limits)?;
    let connection = &mut state.database().write().await?;
    let template = workflows::create_template(connection, caller.origin(), caller.asker(), &new).await?;
    Ok((StatusCode::CREATED, Json(WithMeta::of(TemplateAnswer::from(template)))))
}
