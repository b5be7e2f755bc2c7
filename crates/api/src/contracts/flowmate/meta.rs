//! `?meta`: whether a response is wrapped as `{"data": …, "meta": …}`.

use axum::Json;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::response::{IntoResponse as _, Response};
use serde::Serialize;
use serde_json::json;
use utoipa::IntoParams;
use utoipa::openapi::schema::SchemaType;
use utoipa::openapi::{ObjectBuilder, Schema, Type};

use crate::state::AppState;
use crate::wire::error::ApiError;
use crate::wire::query::{FromQuery, Query, QueryReader};

/// Whether to wrap the response.
#[derive(Debug, Clone, Copy, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Meta {
    /// Wraps the response: `{"data": …, "meta": {}}`, for lists `{"data": […], "meta": {"total": …}}`. Set by any value
    /// except `false` and `0`, also by none, as in `?meta`.
    #[param(schema_with = any_value, required = false)]
    pub(crate) meta: bool,
}

/// Any value sets the parameter, and so does none: an empty string.
fn any_value() -> Schema {
    let types = SchemaType::from_iter([Type::Boolean, Type::String]);
    ObjectBuilder::new().schema_type(types).into()
}

impl FromQuery for Meta {
    fn read(parameters: &mut QueryReader) -> Self {
        Self { meta: parameters.truthy("meta") }
    }
}

impl FromRequestParts<AppState> for Meta {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, ApiError> {
        let Query(meta) = Query::from_request_parts(parts, state).await?;
        Ok(meta)
    }
}

impl Meta {
    /// Responds with one object.
    pub(crate) fn one(self, value: impl Serialize) -> Response {
        if self.meta {
            Json(json!({ "data": value, "meta": {} })).into_response()
        } else {
            Json(value).into_response()
        }
    }

    /// Responds with a complete list.
    pub(crate) fn all<T: Serialize>(self, items: &[T]) -> Response {
        if self.meta {
            Json(json!({ "data": items, "meta": { "total": items.len() } })).into_response()
        } else {
            Json(items).into_response()
        }
    }
}
