//! A path with a slash at its end means the same as the path without.

use axum::extract::{OriginalUri, Request};
use axum::http::Uri;

/// The page of the documentation. The browser resolves its links from this path, which therefore keeps its slash.
const DOCUMENTATION: &str = "/docs/";

/// Returns a request with a slash at the end of its path as one without. Removes only one slash: two enclose an empty
/// segment. An encoded slash (`%2F`) is part of a name.
///
/// Call it before the router: layers of a router run after routing, and contract, route, limits and log lines are also
/// those of the path without the slash.
pub fn without_trailing_slash(mut request: Request) -> Request {
    if let Some(uri) = shortened(request.uri()) {
        // Links to further pages start from it.
        request.extensions_mut().insert(OriginalUri(uri.clone()));
        *request.uri_mut() = uri;
    }
    request
}

fn shortened(uri: &Uri) -> Option<Uri> {
    let path = uri.path();
    let shorter = path.strip_suffix('/').filter(|shorter| !shorter.is_empty() && path != DOCUMENTATION)?;
    let query = uri.query().map(|query| format!("?{query}")).unwrap_or_default();
    let mut parts = uri.clone().into_parts();
    parts.path_and_query = Some(format!("{shorter}{query}").try_into().ok()?);
    Uri::from_parts(parts).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn removes_one_slash_at_the_end_of_a_path() {
        for (uri, expected) in [
            ("/users/", "/users"),
            ("/users/?a=b/", "/users?a=b/"),
            ("/users/?", "/users?"),
            ("/admin/users/e1/", "/admin/users/e1"),
            ("/admin/users/a%2F/", "/admin/users/a%2F"),
            ("/admin/users//", "/admin/users/"),
            ("http://denizen.test/users/?a", "http://denizen.test/users?a"),
        ] {
            let shorter = shortened(&uri.parse().unwrap());
            assert_eq!(shorter.map(|uri| uri.to_string()).as_deref(), Some(expected), "{uri}");
        }
        for uri in
            ["/", "/?a=/", "/users", "/users?a=/", "/admin/users/a%2F", "/admin/users/a%2f", "/docs/", "*"]
        {
            assert_eq!(shortened(&uri.parse().unwrap()), None, "{uri}");
        }
    }
}
