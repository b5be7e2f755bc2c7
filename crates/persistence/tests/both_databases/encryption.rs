//! Whether connections to PostgreSQL are encrypted.

use denizen_persistence::{Database, DbConnection, introspection};
use diesel::QueryableByName;
use diesel::sql_types::Bool;
use diesel_async::RunQueryDsl as _;
use url::Url;

use crate::server_of_postgres;

#[derive(QueryableByName)]
struct Answer {
    #[diesel(sql_type = Bool)]
    speaks_tls: bool,
}

#[tokio::test]
async fn a_connection_is_encrypted_if_the_server_speaks_tls() {
    let Some(server) = server_of_postgres() else { return };
    let connect = async |mode: &str| {
        let mut url = Url::parse(&server).unwrap();
        url.query_pairs_mut().clear().append_pair("sslmode", mode);
        Database::connect(url.as_str()).await.unwrap().write().await.unwrap()
    };
    let mut connection = connect("prefer").await;
    let encryption = introspection::encryption(&mut connection).await.unwrap();
    let DbConnection::Postgres(mut connection) = connection else { return };
    let asked = diesel::sql_query("SELECT current_setting('ssl')::boolean AS speaks_tls");
    let answer: Answer = asked.get_result(&mut **connection).await.unwrap();
    assert_eq!(encryption.is_some(), answer.speaks_tls, "{encryption:?}");

    let encryption = introspection::encryption(&mut connect("disable").await).await.unwrap();
    assert_eq!(encryption, None);
}
