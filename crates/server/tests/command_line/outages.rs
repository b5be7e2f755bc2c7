//! What a server does while its disk takes no more.

use serde_json::json;

use crate::program::Folder;

#[test]
fn a_server_on_a_full_disk_answers_reads_and_recovers() {
    let folder = Folder::new();
    let mut server = folder.serve_on_limited_disk();
    let (public, secret) = (server.printed("public key"), server.printed("secret key"));
    let headers = format!("x-notiflows-api-key: {public}\r\nx-notiflows-secret-key: {secret}");
    let put = |id: u32| {
        let body = json!({ "email": format!("person{id}@example.com") });
        server.request(&format!("PUT /admin/users/{id}"), &headers, &body.to_string())
    };
    let get = |path: &str| server.request(&format!("GET {path}"), &headers, "");
    assert_eq!((put(1), get("/health/ready")), (201, 200));

    server.limit_files_to(Some(1));
    assert_eq!((put(2), put(3), get("/health/ready")), (503, 503, 503));
    assert_eq!(
        (get("/health/ready"), get("/health/live"), get("/health/ready?writes=false")),
        (503, 200, 200)
    );
    assert_eq!((get("/admin/users/1"), get("/admin/users/2"), get("/admin/users")), (200, 404, 200));

    server.limit_files_to(None);
    assert_eq!((get("/health/ready"), put(2), put(3)), (200, 201, 201));
    assert_eq!(server.stop().0.code(), Some(0));
    let users = folder.json(&["external-users", "list", "--workspace", "default"]);
    assert_eq!(users.as_array().unwrap().len(), 3);
}

#[test]
fn any_folder_may_hold_the_data() {
    for name in ["a?b", "a#b", "100%", "%41", "a b", "file:a", "ü\u{1F600}", "a?mode=memory&cache=shared"] {
        let folder = Folder::new();
        let mut server = folder.serve_with(&["--data-dir", name]);
        let secret = server.printed("secret key");
        assert_eq!(server.status(&secret), 200, "{name}");
        assert_eq!(server.stop().0.code(), Some(0), "{name}");
        assert!(folder.path().join(name).join("denizen.db").is_file(), "{name}");
        let entries = std::fs::read_dir(folder.path()).unwrap();
        assert_eq!(entries.count(), 1, "{name}");
        let keys = folder.json(&["keys", "list", "--workspace", "default", "--data-dir", name]);
        assert_eq!(keys.as_array().unwrap().len(), 1, "{name}");
    }
}
