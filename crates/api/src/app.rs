//! The application: startup, router and background work.

use std::pin::pin;
use std::time::Duration;

use axum::Router;
use denizen_domain::{Result, SIGNING_KEYS_READ_EVERY, Source};
use denizen_persistence::Database;
use futures_util::FutureExt as _;
use futures_util::future::join3;
use tokio::time::{Instant, MissedTickBehavior, interval_at};

use crate::contracts::operations;
use crate::options::AppOptions;
use crate::router;
use crate::state::AppState;

/// How often `run_background` does its work.
const UPKEEP: Duration = SIGNING_KEYS_READ_EVERY;

/// Minimum time between measurements of the size of the database, which cost some time if there are many files.
const BETWEEN_SIZES: Duration = Duration::from_mins(1);

/// The application. Clones share it.
#[derive(Clone)]
pub struct App(AppState);

impl std::fmt::Debug for App {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "App({:?})", self.0.database())
    }
}

impl App {
    /// Starts the application on a migrated database. It is not ready until [`set_ready`](Self::set_ready) is called.
    pub async fn start(database: Database, source: Source, options: AppOptions) -> Result<Self> {
        // Installed first, to count every request.
        operations::metrics_recorder();
        AppState::load(database, source, options).await.map(Self)
    }

    /// Returns all routes with their middleware.
    pub fn router(&self) -> Router {
        router::with_layers(&self.0)
    }

    /// Sets what `/health/ready` returns.
    pub fn set_ready(&self, is_ready: bool) {
        self.0.set_ready(is_ready);
    }

    /// Gives events their positions and runs jobs all the time. Every 30 seconds, writes when keys were last used, then reads
    /// signing keys that another server created, then removes expired data. Returns when `stop` completes, even during a
    /// removal, which the next start resumes.
    pub async fn run_background(self, stop: impl Future<Output = ()> + Send) {
        let stop = stop.shared();
        join3(self.0.feeds().run(stop.clone()), self.0.jobs().run(stop.clone()), self.keep_up(stop)).await;
    }

    async fn keep_up(&self, stop: impl Future<Output = ()> + Send) {
        let mut stop = pin!(stop);
        let mut upkeep = interval_at(Instant::now() + UPKEEP, UPKEEP);
        upkeep.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut measured = Instant::now();
        operations::measure_size(self.0.database()).await;
        loop {
            tokio::select! {
                () = &mut stop => return,
                _ = upkeep.tick() => {}
            }
            if measured.elapsed() >= BETWEEN_SIZES {
                measured = Instant::now();
                operations::measure_size(self.0.database()).await;
            }
            self.flush().await;
            let access = self.0.access();
            if let Err(error) = access.tokens.reload(&access.database).await {
                tracing::warn!(cause = error.context(), "signing keys cannot be read");
            }
            self.0.jobs().measure().await;
            operations::metrics_recorder().run_upkeep();
            self.0.admission().rate_limits.forget_idle();
            tokio::select! {
                () = &mut stop => return,
                () = self.0.sweep().run() => {}
            }
        }
    }

    /// Writes the last uses of keys. Call it once after the last response.
    pub async fn flush(&self) {
        let access = self.0.access();
        if let Err(error) = access.key_usage.flush(&access.database).await {
            tracing::warn!(cause = error.context(), "the last use of keys cannot be written");
        }
    }
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use axum::http::{Request, StatusCode, header};
    use denizen_domain::{AccountChanges, NewAccount, Origin, PasswordHash, PersonName, Username};
    use denizen_persistence::accounts::{self, LogInCandidate};
    use denizen_persistence::{Asker, migrations};
    use tower::ServiceExt as _;

    use super::*;

    /// The hash of `cafe\u{301} au lait` as typed, as servers stored it before they prepared passwords.
    const OLD_HASH: &str =
        "$argon2id$v=19$m=19456,t=2,p=1$BwcHBwcHBwcHBwcHBwcHBw$SjVd7aN4GAguSTWwbuxJGXoHMbR5El7h3z08hmNA5Y8";

    async fn with_old_hash(database: &Database) -> Username {
        let username = Username::parse("jane@example.com").unwrap();
        let name = PersonName::parse("Jane").unwrap();
        let password = Some(PasswordHash::from_stored(OLD_HASH.to_owned()));
        let new = NewAccount {
            username: username.clone(),
            first_name: name.clone(),
            last_name: name,
            is_admin: false,
            rest: AccountChanges { password, ..AccountChanges::default() },
        };
        let origin = Origin::operator(Source::system());
        let connection = &mut database.write().await.unwrap();
        accounts::create(connection, &origin, Asker::Operator, &new).await.unwrap();
        username
    }

    async fn stored_hash(database: &Database, username: &Username) -> PasswordHash {
        let found =
            accounts::find_for_log_in(&mut database.read().await.unwrap(), std::slice::from_ref(username))
                .await
                .unwrap();
        let LogInCandidate { password, .. } = found.unwrap();
        password.unwrap()
    }

    async fn log_in(router: Router, password: &str) -> StatusCode {
        let body = serde_json::json!({ "username": "jane@example.com", "password": password });
        let request = Request::post("/login")
            .header(header::HOST, "denizen.test")
            .header(header::CONTENT_TYPE, "application/json")
            .body(Body::from(body.to_string()));
        router.oneshot(request.unwrap()).await.unwrap().status()
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_log_in_renews_the_hash_of_a_password_that_was_not_prepared() {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}", folder.path().join("test.db").display());
        let database = Database::connect(&url).await.unwrap();
        migrations::run(&database).await.unwrap();
        let app = App::start(database.clone(), Source::system(), AppOptions::default()).await.unwrap();
        let username = with_old_hash(&database).await;

        // Until then, only the text as it was typed is right.
        let prepared = "caf\u{e9} au lait";
        assert_eq!(log_in(app.router(), prepared).await, StatusCode::UNAUTHORIZED);
        assert_eq!(log_in(app.router(), "cafe au lait").await, StatusCode::UNAUTHORIZED);
        assert_eq!(stored_hash(&database, &username).await.as_stored(), OLD_HASH);

        // Two at once: one renews it, and both are logged in.
        let typed = "cafe\u{301} au lait";
        let (first, second) = tokio::join!(log_in(app.router(), typed), log_in(app.router(), typed));
        assert_eq!((first, second), (StatusCode::OK, StatusCode::OK));
        let renewed = stored_hash(&database, &username).await;
        assert_ne!(renewed.as_stored(), OLD_HASH);
        for same in [prepared, typed, "caf\u{e9}\u{a0}au\u{2003}lait"] {
            assert_eq!(log_in(app.router(), same).await, StatusCode::OK, "{same:?}");
        }
        assert_eq!(stored_hash(&database, &username).await, renewed, "it is renewed once");
        assert_eq!(log_in(app.router(), "cafe au lait").await, StatusCode::UNAUTHORIZED);
    }
}
