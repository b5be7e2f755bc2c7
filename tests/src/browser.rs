//! A browser without a screen: it keeps cookies and follows redirects.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use reqwest::header::{COOKIE, LOCATION, SET_COOKIE};
use reqwest::redirect::Policy;
use reqwest::{Client, Method, RequestBuilder, Response, Url};

/// How many redirects it follows in a row.
const MOST_REDIRECTS: usize = 20;

/// The host of the public URL of servers with a fixed time.
const PUBLIC_HOST: &str = "denizen.test";

/// A browser with its own cookies. It sends each to the origin and the paths that it is for.
#[derive(Debug)]
pub struct Browser {
    http: Client,
    server: SocketAddr,
    cookies: BTreeMap<(String, String), (String, String)>,
}

/// A page that a browser shows.
#[derive(Debug)]
pub struct Page {
    /// Where it is.
    pub url: Url,
    /// Its status.
    pub status: u16,
    /// What it says.
    pub text: String,
}

impl Browser {
    /// A browser that finds the server of a fixed public URL at an address.
    pub(crate) fn new(server: SocketAddr) -> Self {
        let http = Client::builder().redirect(Policy::none()).build().expect("a client can be built");
        Self { http, server, cookies: BTreeMap::new() }
    }

    /// Opens a URL, and follows where it leads. Stops before a URL that begins with `before`, and returns it as a page without text.
    pub async fn open(&mut self, url: &str, before: &str) -> Page {
        self.go(Method::GET, Url::parse(url).expect("a URL"), None, before).await
    }

    /// Sends a form, and follows where that leads, like [`open`](Self::open).
    pub async fn send(&mut self, url: &Url, form: &str, before: &str) -> Page {
        self.go(Method::POST, url.clone(), Some(form.to_owned()), before).await
    }

    async fn go(&mut self, mut method: Method, mut url: Url, mut form: Option<String>, before: &str) -> Page {
        for _ in 0..MOST_REDIRECTS {
            let mut request = self.http.request(method.clone(), self.reached(&url));
            if let Some(form) = form.take() {
                request = request.header("content-type", "application/x-www-form-urlencoded").body(form);
            }
            let answer = self.with_cookies(request, &url).send().await.expect("the server answers");
            self.keep_cookies(&url, &answer);
            let status = answer.status().as_u16();
            let location = answer.headers().get(LOCATION).and_then(|location| location.to_str().ok());
            let Some(location) = location.filter(|_| matches!(status, 301..=303)) else {
                return Page { url, status, text: answer.text().await.expect("a page is text") };
            };
            url = url.join(location).expect("a redirect leads to a URL");
            if url.as_str().starts_with(before) {
                return Page { url, status, text: String::new() };
            }
            method = Method::GET;
        }
        panic!("redirects go round in a circle at {url}");
    }

    /// Returns where a URL leads.
    fn reached(&self, url: &Url) -> Url {
        let mut reached = url.clone();
        if url.host_str() == Some(PUBLIC_HOST) {
            reached.set_host(Some(&self.server.ip().to_string())).expect("an address is a host");
            reached.set_port(Some(self.server.port())).expect("an http URL has a port");
        }
        reached
    }

    fn with_cookies(&self, request: RequestBuilder, url: &Url) -> RequestBuilder {
        let origin = url.origin().ascii_serialization();
        let mine =
            self.cookies.iter().filter(|((of, _), (path, _))| *of == origin && url.path().starts_with(path));
        let pairs: Vec<_> = mine.map(|((_, name), (_, value))| format!("{name}={value}")).collect();
        if pairs.is_empty() { request } else { request.header(COOKIE, pairs.join("; ")) }
    }

    fn keep_cookies(&mut self, url: &Url, answer: &Response) {
        let origin = url.origin().ascii_serialization();
        for line in answer.headers().get_all(SET_COOKIE) {
            let line = line.to_str().expect("a cookie is text");
            let mut parts = line.split(';').map(str::trim);
            let (name, value) =
                parts.next().and_then(|pair| pair.split_once('=')).expect("a cookie has a name");
            let path = parts
                .find_map(|part| part.split_once('=').filter(|(name, _)| name.eq_ignore_ascii_case("path")));
            let path = path.map_or("/", |(_, path)| path);
            self.cookies.insert((origin.clone(), name.to_owned()), (path.to_owned(), value.to_owned()));
        }
    }
}

impl Page {
    /// Returns a parameter of its URL.
    pub fn parameter(&self, name: &str) -> Option<String> {
        self.url.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
    }
}
