//! Operations of the document, as the router knows them.

use std::collections::HashMap;
use std::sync::Arc;

use axum::extract::{MatchedPath, Request};
use axum::http::Method;
use utoipa::openapi::OpenApi;
use utoipa::openapi::path::Operation;

/// Some of the document's operations. Cloning is cheap.
#[derive(Debug, Clone)]
pub(crate) struct Operations(Arc<HashMap<String, Vec<Method>>>);

impl Operations {
    /// Selects the operations for which a condition on their path and description holds.
    pub(crate) fn of(document: &OpenApi, condition: impl Fn(&str, &Operation) -> bool) -> Self {
        let operations = document.paths.paths.iter().map(|(path, item)| {
            let operations = [
                (Method::GET, &item.get),
                (Method::PUT, &item.put),
                (Method::POST, &item.post),
                (Method::DELETE, &item.delete),
                (Method::PATCH, &item.patch),
            ];
            let selected = operations.into_iter().filter_map(|(method, operation)| {
                operation.as_ref().is_some_and(|operation| condition(path, operation)).then_some(method)
            });
            (path.clone(), selected.collect())
        });
        Self(Arc::new(operations.collect()))
    }

    /// Returns whether a method of a route is one of them.
    pub(crate) fn contain(&self, method: &Method, path: &str) -> bool {
        // axum answers HEAD like GET.
        let method = if method == Method::HEAD { &Method::GET } else { method };
        self.0.get(path).is_some_and(|methods| methods.contains(method))
    }

    /// Returns whether a request is to one of them.
    pub(crate) fn are_asked_by(&self, request: &Request) -> bool {
        let path = request.extensions().get::<MatchedPath>();
        path.is_some_and(|path| self.contain(request.method(), path.as_str()))
    }
}
