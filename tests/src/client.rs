//! A client of the server.

use std::net::SocketAddr;

use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use reqwest::{Method, Url};
use serde_json::Value;

use crate::operator::Key;
use crate::reply::Reply;

/// A caller with a credential. Paths begin with `/` and are sent unchanged. Of full URLs, as in a `Link`, only the path
/// is sent.
///
/// Paths with `..` need [`TestServer::raw`](crate::TestServer::raw): here they would be normalized.
#[derive(Debug, Clone)]
pub struct Client {
    http: reqwest::Client,
    address: SocketAddr,
    credential: Credential,
    headers: HeaderMap,
}

/// How a caller authenticates.
#[derive(Debug, Clone)]
pub(crate) enum Credential {
    None,
    /// `x-api-key: K`.
    ApiKey(Key),
    /// `Authorization: Bearer K`.
    BearerKey(Key),
    /// `authorization: K`.
    Authorization(Key),
    /// `x-notiflows-api-key: pk_…` and `x-notiflows-secret-key: sk_…`.
    Pair(Key),
}

impl Client {
    pub(crate) fn new(http: reqwest::Client, address: SocketAddr, credential: Credential) -> Self {
        Self { http, address, credential, headers: HeaderMap::new() }
    }

    /// The same caller with another key, sent the same way.
    #[must_use]
    pub fn with_key(&self, key: &Key) -> Self {
        let key = key.clone();
        let credential = match self.credential {
            Credential::None => Credential::None,
            Credential::ApiKey(_) => Credential::ApiKey(key),
            Credential::BearerKey(_) => Credential::BearerKey(key),
            Credential::Authorization(_) => Credential::Authorization(key),
            Credential::Pair(_) => Credential::Pair(key),
        };
        Self { credential, ..self.clone() }
    }

    /// The same caller at another server, at a URL such as `http://127.0.0.1:8080`.
    #[must_use]
    pub fn at(&self, url: &str) -> Self {
        let address = url.trim_start_matches("http://").parse().expect("a URL of an address");
        Self { address, ..self.clone() }
    }

    /// The same caller with another header, which replaces one of the same name.
    #[must_use]
    pub fn with(&self, name: &str, value: &str) -> Self {
        let mut client = self.clone();
        let name = HeaderName::from_bytes(name.as_bytes()).expect("a header's name");
        client.headers.insert(name, HeaderValue::from_bytes(value.as_bytes()).expect("a header's value"));
        client
    }

    /// GET.
    pub async fn get(&self, path: &str) -> Reply {
        self.send("GET", path, None).await
    }

    /// POST with a JSON body.
    pub async fn post(&self, path: &str, body: Value) -> Reply {
        self.send("POST", path, Some(body)).await
    }

    /// PUT with a JSON body.
    pub async fn put(&self, path: &str, body: Value) -> Reply {
        self.send("PUT", path, Some(body)).await
    }

    /// PATCH with a JSON body.
    pub async fn patch(&self, path: &str, body: Value) -> Reply {
        self.send("PATCH", path, Some(body)).await
    }

    /// DELETE.
    pub async fn delete(&self, path: &str) -> Reply {
        self.send("DELETE", path, None).await
    }

    /// POST with the fields of a form.
    pub async fn post_form(&self, path: &str, fields: &[(&str, &str)]) -> Reply {
        self.send_form("POST", path, fields).await
    }

    /// PUT with the fields of a form.
    pub async fn put_form(&self, path: &str, fields: &[(&str, &str)]) -> Reply {
        self.send_form("PUT", path, fields).await
    }

    /// Any method, with a JSON body or none.
    pub async fn send(&self, method: &str, path: &str, body: Option<Value>) -> Reply {
        let body = body.map(|body| ("application/json", body.to_string().into_bytes()));
        self.send_bytes(method, path, body).await
    }

    /// Any method, with a body of any content type.
    pub async fn send_bytes(&self, method: &str, path: &str, body: Option<(&str, Vec<u8>)>) -> Reply {
        let method = Method::from_bytes(method.as_bytes()).expect("a method");
        let mut request = self.http.request(method, format!("http://{}{}", self.address, without_host(path)));
        for (name, value) in self.credential.headers() {
            request = request.header(name, value);
        }
        if let Some((content_type, body)) = body {
            request = request.header(CONTENT_TYPE, content_type).body(body);
        }
        let response = request.headers(self.headers.clone()).send().await;
        let response = response.unwrap_or_else(|error| panic!("no answer to {path}: {error:?}"));
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let body = response.bytes().await;
        let body = body.unwrap_or_else(|error| panic!("the answer to {path} broke off: {error:?}"));
        Reply::new(status, headers, &body)
    }

    async fn send_form(&self, method: &str, path: &str, fields: &[(&str, &str)]) -> Reply {
        // A query has the syntax of a form.
        let form = Url::parse_with_params("form:", fields).expect("fields make a form");
        let body = form.query().unwrap_or_default().as_bytes().to_vec();
        self.send_bytes(method, path, Some(("application/x-www-form-urlencoded", body))).await
    }
}

impl Credential {
    fn headers(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::None => Vec::new(),
            Self::ApiKey(key) => vec![("x-api-key", key.secret.clone())],
            Self::BearerKey(key) => vec![("authorization", format!("Bearer {}", key.secret))],
            Self::Authorization(key) => vec![("authorization", key.secret.clone())],
            Self::Pair(key) => vec![
                ("x-notiflows-api-key", key.public.clone()),
                ("x-notiflows-secret-key", key.secret.clone()),
            ],
        }
    }
}

fn without_host(path: &str) -> &str {
    let Some((_, rest)) = path.split_once("://").filter(|_| path.starts_with("http")) else { return path };
    rest.find('/').map_or("/", |start| &rest[start..])
}
