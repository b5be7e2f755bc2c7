//! Refuses the query strings of operations that have no parameters: a caller who sends a filter expects it to count.
//! Operations with parameters refuse unknown ones themselves, together with all that is wrong with the others.

use axum::extract::Request;
use utoipa::openapi::path::{Operation, Parameter, ParameterIn};
use utoipa::openapi::{OpenApi, RefOr};

use super::admission::Admission;
use super::operations::Operations;
use super::rate_limits::SecuredOperations;
use crate::wire::context::Context;
use crate::wire::contract::{speaks_flowdock, starts_flows};
use crate::wire::error::ApiResult;
use crate::wire::query;

/// Selects the operations without parameters in the query string. Flowdock's may have those of their body there, and a query
/// string that starts a flow is its message.
pub(crate) fn without_any(document: &OpenApi) -> Operations {
    Operations::of(document, |path, operation| {
        let reads_body = speaks_flowdock(path) && operation.request_body.is_some();
        !reads_body && !starts_flows(path) && !has_any(operation)
    })
}

fn has_any(operation: &Operation) -> bool {
    let is_in_query = |parameter: &RefOr<Parameter>| match parameter {
        RefOr::T(parameter) => parameter.parameter_in == ParameterIn::Query,
        RefOr::Ref(_) => false,
    };
    operation.parameters.iter().flatten().any(is_in_query)
}

/// Returns the request, or fails if it is to an operation [without parameters](without_any) and has some. A caller without a
/// valid credential learns of that first.
pub(crate) async fn refuse(
    without_any: &Operations,
    secured: &SecuredOperations,
    admission: &Admission,
    request: Request,
) -> ApiResult<Request> {
    if request.uri().query().is_none() || !without_any.are_asked_by(&request) {
        return Ok(request);
    }
    let Err(refused) = query::reject_all(request.uri(), request.extensions()) else { return Ok(request) };
    if secured.are_asked_by(&request) {
        let (mut parts, _) = request.into_parts();
        let Context(context) = Context::of(&parts)?;
        admission.settle(&mut parts, &context).await?;
    }
    Err(refused.into())
}
