//! The OpenAPI documents, and Swagger UI, which shows them.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::{Arc, LazyLock};

use aws_lc_rs::digest::{SHA256, digest};
use axum::Router;
use axum::body::Bytes;
use axum::extract::{MatchedPath, Path, RawQuery};
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use utoipa_swagger_ui::{Config, Url};

use super::openapi;
use crate::contracts::operations;
use crate::guards::entity_tags::Preconditions;
use crate::openapi::{CONTRACTS, Documents};

/// The path of the document of all contracts.
const WHOLE: &str = "/openapi.json";

/// The documents by path, built on first use. All servers of a process share them.
static DOCUMENTS: LazyLock<HashMap<&str, File>> = LazyLock::new(documents);

/// The page, which names the version of every file that it loads.
static PAGE: LazyLock<Option<File>> = LazyLock::new(page);

/// What the page shows, and how.
static CONFIG: LazyLock<Arc<Config<'static>>> = LazyLock::new(|| Arc::new(config()));

/// The routes of the documents and of the page.
pub(super) fn routes() -> Router {
    let paths = CONTRACTS.into_iter().map(|contract| contract.path).chain([WHOLE]);
    let documents = paths.fold(Router::new(), |router, path| router.route(path, get(show_document)));
    let page = Router::new()
        .route("/docs", get(async || Redirect::to("/docs/")))
        .route("/docs/", get(show_page))
        .route("/docs/{*name}", get(show_file))
        .layer(middleware::map_response(with_page_policy));
    documents.route("/docs/events", get(operations::event_catalogue)).merge(page)
}

/// What a browser shows again only after it has asked whether it changed.
const REVALIDATED: HeaderValue = HeaderValue::from_static("no-cache");

/// What never changes at its address.
const IMMUTABLE: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");

async fn show_document(path: MatchedPath, preconditions: Preconditions) -> Response {
    shown(DOCUMENTS.get(path.as_str()), &preconditions)
}

async fn show_page(preconditions: Preconditions) -> Response {
    shown(PAGE.as_ref(), &preconditions)
}

fn shown(file: Option<&File>, preconditions: &Preconditions) -> Response {
    match file {
        Some(file) => file.shown(preconditions, REVALIDATED),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

/// Shows a file of Swagger UI. At the address with its version, it never changes.
async fn show_file(
    Path(name): Path<String>,
    RawQuery(query): RawQuery,
    preconditions: Preconditions,
) -> Response {
    let Some(file) = file(&name) else { return StatusCode::NOT_FOUND.into_response() };
    let is_versioned = query.is_some_and(|query| query == file.version());
    file.shown(&preconditions, if is_versioned { IMMUTABLE } else { REVALIDATED })
}

/// Allows the documentation page to run only its own scripts.
async fn with_page_policy(mut response: Response) -> Response {
    let policy =
        "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; frame-ancestors 'none'";
    response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(policy));
    response
}

/// The settings of the page. It shows one contract at a time, since the browser needs seconds for the whole document.
fn config() -> Config<'static> {
    let mut urls: Vec<_> =
        CONTRACTS.into_iter().map(|contract| Url::new(contract.title, contract.path)).collect();
    urls.push(Url::new("All contracts", WHOLE));
    Config::new(urls)
        .filter(true)
        .persist_authorization(true)
        .doc_expansion("list")
        .default_models_expand_depth(-1)
        .with_syntax_highlight(false)
}

/// Something that is served as it is.
struct File {
    content_type: HeaderValue,
    bytes: Bytes,
    tag: String,
}

impl File {
    fn new(content_type: HeaderValue, bytes: impl Into<Bytes>) -> Self {
        let bytes = bytes.into();
        let tag = BASE64_URL_SAFE_NO_PAD.encode(&digest(&SHA256, &bytes).as_ref()[..16]);
        Self { content_type, bytes, tag }
    }

    fn json(bytes: Bytes) -> Self {
        Self::new(HeaderValue::from_static("application/json"), bytes)
    }

    /// The query of the address that is this version's alone.
    fn version(&self) -> String {
        format!("v={}", self.tag)
    }

    /// Responds with the file, or with 304 if the reader already has it.
    fn shown(&self, preconditions: &Preconditions, cache_control: HeaderValue) -> Response {
        let content_type = [(header::CONTENT_TYPE, self.content_type.clone())];
        let mut response = preconditions.shown(&self.tag, (content_type, self.bytes.clone()));
        response.headers_mut().insert(header::CACHE_CONTROL, cache_control);
        response
    }
}

/// Makes the documents.
fn documents() -> HashMap<&'static str, File> {
    let Documents { whole, contracts } = Documents::of(&openapi());
    let contracts = CONTRACTS.into_iter().map(|contract| contract.path).zip(contracts);
    contracts.chain([(WHOLE, whole)]).map(|(path, document)| (path, File::json(document))).collect()
}

/// Returns a file of Swagger UI; `None` if it has no such file.
fn file(name: &str) -> Option<File> {
    let file = utoipa_swagger_ui::serve(name, Arc::clone(&CONFIG)).ok()??;
    let bytes = match file.bytes {
        Cow::Borrowed(bytes) => Bytes::from_static(bytes),
        Cow::Owned(bytes) => bytes.into(),
    };
    Some(File::new(HeaderValue::from_str(&file.content_type).ok()?, bytes))
}

/// Returns the page with the version of each file in its links.
fn page() -> Option<File> {
    let File { content_type, bytes, .. } = file("index.html")?;
    let mut html = String::new();
    for (index, part) in str::from_utf8(&bytes).ok()?.split('"').enumerate() {
        // Every other part stands between quotes.
        let name = part.strip_prefix("./").unwrap_or(part);
        let linked = Some(name).filter(|name| index % 2 == 1 && name.contains('.')).and_then(file);
        let separator = if index == 0 { "" } else { "\"" };
        html.push_str(separator);
        html.push_str(part);
        if let Some(linked) = linked {
            html.push('?');
            html.push_str(&linked.version());
        }
    }
    Some(File::new(content_type, html))
}
