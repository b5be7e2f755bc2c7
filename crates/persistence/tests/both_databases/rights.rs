//! What a role of PostgreSQL needs to set up the database.

use denizen_domain::{IdSource as _, RandomIds};
use denizen_persistence::{Database, migrations};
use url::Url;

use crate::{on_server, server_of_postgres};

#[tokio::test]
async fn a_role_without_rights_is_told_what_to_grant() {
    let Some(server) = server_of_postgres() else { return };
    let role = format!("denizen_test_{}", RandomIds.uuid().simple());
    on_server(&server, &format!("CREATE ROLE {role} LOGIN PASSWORD 'secret'")).await;
    on_server(&server, &format!("CREATE DATABASE {role}")).await;
    let mut own = Url::parse(&server).unwrap();
    own.set_path(&role);
    on_server(own.as_str(), "REVOKE ALL ON SCHEMA public FROM PUBLIC").await;
    let mut url = own.clone();
    url.set_username(&role).unwrap();
    url.set_password(Some("secret")).unwrap();

    let database = Database::connect(url.as_str()).await.unwrap();
    let error = migrations::run(&database).await.unwrap_err();
    let (sentence, grants) = error.context().split_once(" grants that there: ").unwrap();
    assert_eq!(
        sentence,
        format!("the role {role} may not create extensions and tables in the database {role}; its owner")
    );
    on_server(own.as_str(), grants).await;
    assert!(!migrations::run(&database).await.unwrap().is_empty());

    drop(database);
    on_server(&server, &format!("DROP DATABASE {role} WITH (FORCE)")).await;
    on_server(&server, &format!("DROP ROLE {role}")).await;
}
