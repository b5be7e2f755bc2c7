//! Listing templates.

use axum::extract::State;
use axum::response::Response;
use denizen_domain::{
    Coded as _, Permission, SearchText, TemplateFilter, TemplateStatus, Violation, WorkflowKind,
};
use denizen_persistence::workflows;
use utoipa::IntoParams;

use super::super::pages::{PageParameters, Paged, SortParameters};
use super::answer::TemplateAnswer;
use crate::guards::caller::{Caller, CanReadTemplates};
use crate::state::AppState;
use crate::wire::error::ApiResult;
use crate::wire::query::{FromQuery, Query, QueryReader};

/// Query parameters.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListTemplates {
    /// Templates with this status: `published` or `1`, `draft` or `0`.
    #[param(rename = "filter[status]", value_type = Option<String>, example = "published")]
    status: Option<TemplateStatus>,
    /// Templates of this type: `ordinary` or `long_running`.
    #[param(rename = "filter[type]", value_type = Option<String>, example = "ordinary")]
    kind: Option<WorkflowKind>,
    /// Templates with all of these tags. Repeatable up to 100 times.
    #[param(value_type = Vec<String>, required = false, style = Form, explode)]
    tags: Vec<String>,
    /// Text to find in name or description, ignoring case.
    #[param(value_type = Option<String>, max_length = 250)]
    search: Option<SearchText>,
    #[param(ignore)]
    page: PageParameters,
    #[param(ignore)]
    sort: SortParameters,
}

impl FromQuery for ListTemplates {
    fn read(parameters: &mut QueryReader) -> Self {
        Self {
            status: parameters.one("filter[status]", status),
            kind: parameters.one("filter[type]", WorkflowKind::from_code),
            tags: parameters.texts("tags"),
            search: parameters.search("search"),
            page: PageParameters::read(parameters),
            sort: SortParameters::read(parameters),
        }
    }
}

fn status(text: &str) -> Result<TemplateStatus, Violation> {
    match text {
        "1" => Ok(TemplateStatus::Published),
        "0" => Ok(TemplateStatus::Draft),
        code => TemplateStatus::from_code(code),
    }
}

/// Lists templates
///
/// Returns a page of the templates of the caller's tenant; holders of `all` see every template. All filters must hold.
#[utoipa::path(get, path = "/templates", operation_id = "templates.list", tag = "Templates",
    params(ListTemplates, PageParameters, SortParameters),
    responses((status = 200, body = Paged<TemplateAnswer>)),
    security(("account_token" = ["templates.read"]), ("session_cookie" = ["templates.read"])))]
pub(crate) async fn list(
    caller: Caller<CanReadTemplates>,
    State(state): State<AppState>,
    Query(parameters): Query<ListTemplates>,
) -> ApiResult<Response> {
    let ListTemplates { status, kind, tags, search, page, sort } = parameters;
    let search = search.map(|search| search.as_str().to_owned());
    let filter = TemplateFilter { status, kind, tags, search };
    let window = page.window(sort.direction());
    let connection = &mut state.database().read().await?;
    let total = workflows::count_templates(connection, caller.reach, &filter).await?;
    let templates =
        workflows::list_templates(connection, caller.reach, &filter, sort.order(), &window).await?;
    let may_write = caller.authority.holds(Permission::TemplatesWrite);
    Ok(page.answer(templates.items, total, |template| TemplateAnswer::shown(template, may_write)))
}
