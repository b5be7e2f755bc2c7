//! Connected accounts: links that end, and tokens that one server at a time asks for.

use std::time::Duration;

use denizen_domain::{
    AccessTokenLife, AuthConfig, AuthConfigId, AuthScheme, AuthSettings, ConnectedAccount,
    ConnectedAccountId, ConnectionLinkId, ConnectionStatus, Identifier, Secret, Toolkit,
};
use denizen_persistence::connected_accounts::{self as accounts, NewLink, Opening, SealedCredentials};
use denizen_persistence::external_users;

use crate::{Fixture, on_both};

/// How long links live.
const LIFE: Duration = Duration::from_mins(10);

/// Creates an account of a new user, which presents this or is connected by this link.
async fn create(
    fixture: &Fixture,
    credentials: Option<SealedCredentials>,
    link: Option<NewLink>,
) -> ConnectedAccountId {
    let (connection, origin, workspace_id) =
        (&mut fixture.write().await, &fixture.origin, fixture.workspace_id);
    let jane = Identifier::parse("jane").unwrap();
    let (user, _) =
        external_users::find_or_create_by_username(connection, origin, workspace_id, &jane).await.unwrap();
    let (now, ids) = (origin.source.clock.now(), &origin.source.ids);
    let toolkit = Toolkit::parse("drive").unwrap();
    let config = AuthConfig {
        id: AuthConfigId::from_uuid(ids.uuid()),
        workspace_id,
        toolkit: toolkit.clone(),
        display_name: "Drive".to_owned(),
        scheme: AuthScheme::OAuth2,
        settings: AuthSettings::default(),
        created_at: now,
        updated_at: now,
    };
    accounts::create_auth_config(connection, origin, &config, None).await.unwrap();
    let is_connected = credentials.is_some();
    let account = ConnectedAccount {
        id: ConnectedAccountId::from_uuid(ids.uuid()),
        workspace_id,
        auth_config_id: config.id,
        toolkit,
        external_user_id: user.id,
        display_name: None,
        label: None,
        connection: if is_connected { ConnectionStatus::Active } else { ConnectionStatus::Initializing },
        status_reason: None,
        is_disabled: false,
        created_at: now,
        updated_at: now,
    };
    accounts::create(connection, origin, &account, credentials, link).await.unwrap();
    account.id
}

async fn status(fixture: &Fixture, id: ConnectedAccountId) -> ConnectionStatus {
    let connection = &mut fixture.write().await;
    accounts::find(connection, fixture.workspace_id, id).await.unwrap().unwrap().status()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_fails_if_its_link_was_used_up_and_nothing_followed() {
    on_both(async |fixture| {
        let (origin, workspace_id) = (&fixture.origin, fixture.workspace_id);
        let hash = |text: &str| Secret::presented(text).hash();
        let now = origin.source.clock.now();
        let link = NewLink {
            id: ConnectionLinkId::from_uuid(origin.source.ids.uuid()),
            token_hash: hash("token"),
            callback_url: "https://shop.example.com".to_owned(),
            expires_at: now.plus(LIFE),
        };
        let id = create(fixture, None, Some(link)).await;
        let connection = &mut fixture.write().await;
        let look = accounts::end_unused(connection, origin, workspace_id, id, LIFE).await;
        assert_eq!(look.unwrap(), Some(now.plus(LIFE)));

        fixture.clock.advance(Duration::from_mins(9));
        let opened_at = origin.source.clock.now();
        let opening = Opening {
            state_hash: hash("state"),
            browser_hash: hash("browser"),
            verifier: vec![1],
            redirect_url: "https://users.example.com/connect/callback".to_owned(),
        };
        accounts::open(connection, origin, workspace_id, hash("token"), &opening).await.unwrap().unwrap();
        let used = accounts::use_up(connection, opened_at, workspace_id, hash("state"), hash("other")).await;
        assert!(used.unwrap().is_none(), "another browser");
        let used =
            accounts::use_up(connection, opened_at, workspace_id, hash("state"), hash("browser")).await;
        assert_eq!(used.unwrap().unwrap().verifier, [1]);

        // The server that exchanges the code dies.
        let end = opened_at.plus(LIFE);
        let look = accounts::end_unused(connection, origin, workspace_id, id, LIFE).await;
        assert_eq!((look.unwrap(), status(fixture, id).await), (Some(end), ConnectionStatus::Initiated));
        fixture.clock.advance(LIFE);
        let look = accounts::end_unused(connection, origin, workspace_id, id, LIFE).await;
        assert_eq!((look.unwrap(), status(fixture, id).await), (None, ConnectionStatus::Failed));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_at_a_time_asks_for_the_next_token() {
    on_both(async |fixture| {
        let now = fixture.origin.source.clock.now();
        let lasting = |life: Duration| AccessTokenLife::new(now, now.plus(life));
        let sealed = |byte: u8, life| SealedCredentials { sealed: vec![byte], life: Some(lasting(life)) };
        let id = create(fixture, Some(sealed(1, Duration::from_hours(1))), None).await;
        let connection = &mut fixture.write().await;
        let first = accounts::find_stored(connection, fixture.workspace_id, id).await.unwrap().unwrap();
        let until = now.plus(Duration::from_secs(30));
        assert!(accounts::take_refresh(connection, &first, now, until).await.unwrap());
        assert!(!accounts::take_refresh(connection, &first, now, until).await.unwrap(), "it is taken");
        // One that died has it no longer.
        assert!(accounts::take_refresh(connection, &first, until, until.plus(LIFE)).await.unwrap());
        let second = sealed(2, Duration::from_hours(2));
        assert!(accounts::store_refreshed(connection, &first, &second).await.unwrap());
        // What comes too late is not stored, and ends nothing.
        assert!(!accounts::store_refreshed(connection, &first, &sealed(3, LIFE)).await.unwrap());
        assert!(!accounts::take_refresh(connection, &first, until, until).await.unwrap());
        assert!(!accounts::expire(connection, &fixture.origin, &first, "late").await.unwrap());
        let stored = accounts::find_stored(connection, fixture.workspace_id, id).await.unwrap().unwrap();
        assert_eq!((stored.sealed, stored.generation, stored.life), (Some(vec![2]), 1, second.life));
        assert_eq!(status(fixture, id).await, ConnectionStatus::Active);
    })
    .await;
}
