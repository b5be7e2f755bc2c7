//! Answers look-ups of keys, external users and called workflows from memory, if they were asked for lately.
//!
//! An answer never misses a change that this server made, and never a change of another server that is more than
//! [`MAXIMUM_AGE`](crate::MAXIMUM_AGE) old. What does not exist is not kept, so that a new object is found at once.

mod page_ends;

use std::hash::Hash;
use std::sync::Arc;

use async_recursion::async_recursion as boxed;
use denizen_domain::{
    Error, ExternalUser, ExternalUserFilter, ExternalUserId, ExternalUserOrder, Graph, KeyHolder, Page,
    PageNumber, Position, Result, Secret, Slice, Timestamp, Window, Workflow, WorkflowId, Workspace,
    WorkspaceId,
};
use metrics::Counter;

use self::page_ends::{NumberedPage, PageEnds};
use crate::audit_events::{mark_of_name, mark_of_object};
use crate::connection::{Database, DbConnection};
use crate::memory::{Mark, Moment};
use crate::{api_keys, external_users, workflows, workspaces};

/// What an entry takes beyond its value: its key, and the bookkeeping of the cache, in bytes.
const OVERHEAD: usize = 300;

/// How many bytes a graph takes in memory for each byte of its text, about.
const COMPILED: usize = 10;

/// How many users a page has at most that is read without letting other tasks move to another thread.
const SHORT_PAGE: u32 = 100;

/// Keys, external users and called workflows that were asked for lately. Clones share them.
#[derive(Clone)]
pub struct Cache {
    database: Database,
    keys: Kept<[u8; 32], KeyHolder>,
    workspaces: Kept<WorkspaceId, Workspace>,
    users: Kept<(WorkspaceId, ExternalUserName), ExternalUser>,
    workflows: Kept<WorkflowId, CalledWorkflow>,
    page_ends: PageEnds,
}

impl std::fmt::Debug for Cache {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Cache({:?})", self.database)
    }
}

impl Cache {
    /// Creates an empty cache of at most about this many bytes, of which keys, workspaces, workflows and the places of pages
    /// take a sixteenth each. With 0, every look-up reads the database.
    pub fn new(database: Database, bytes: u64) -> Self {
        let part = bytes / 16;
        Self {
            database,
            keys: Kept::new("key", part),
            workspaces: Kept::new("workspace", part),
            users: Kept::new("external_user", bytes - 4 * part),
            workflows: Kept::new("workflow", part),
            page_ends: PageEnds::new(part),
        }
    }

    /// Finds the holder of a secret, like [`api_keys::authenticate`].
    #[boxed]
    pub async fn key_holder(&self, presented: &Secret, now: Timestamp) -> Result<Option<Arc<KeyHolder>>> {
        let hash = *presented.hash().as_bytes();
        let is_in_force = |holder: &Arc<KeyHolder>| holder.expires_at.is_none_or(|end| end > now);
        if let Some(holder) = self.keys.get(&hash, &self.database) {
            return Ok(Some(holder).filter(is_in_force));
        }
        let read = self.database.changes().now();
        let holder = api_keys::authenticate(&mut self.database.read_by_key().await?, presented, now).await?;
        Ok(holder.map(|holder| {
            let ids = [holder.key_id.to_string(), holder.workspace_id.to_string()];
            let entry = Entry::new(holder, size_of::<KeyHolder>(), read, ids.map(|id| mark_of_object(&id)));
            self.keys.keep(hash, entry)
        }))
    }

    /// Finds an active workspace by id, like [`workspaces::find_in_use`].
    #[boxed]
    pub async fn workspace_in_use(&self, id: WorkspaceId) -> Result<Option<Arc<Workspace>>> {
        if let Some(workspace) = self.workspaces.get(&id, &self.database) {
            return Ok(Some(workspace));
        }
        let read = self.database.changes().now();
        let workspace = workspaces::find_in_use(&mut self.database.read_by_key().await?, id).await?;
        Ok(workspace.map(|workspace| {
            let itself = mark_of_object(&id.to_string());
            self.workspaces.keep(id, Entry::new(workspace, size_of::<Workspace>(), read, [itself, itself]))
        }))
    }

    /// Finds an external user, like the functions of [`external_users`].
    #[boxed]
    pub async fn external_user(
        &self,
        workspace_id: WorkspaceId,
        name: ExternalUserName,
    ) -> Result<Option<Arc<ExternalUser>>> {
        let key = (workspace_id, name);
        if let Some(user) = self.users.get(&key, &self.database) {
            return Ok(Some(user));
        }
        let read = self.database.changes().now();
        let user = key.1.find(&mut self.database.read_by_key().await?, workspace_id).await?;
        Ok(user.map(|user| {
            let depends_on = [mark_of_object(&user.id.to_string()), key.1.mark(workspace_id)];
            let size = size_of_user(&user) + key.1.len();
            self.users.keep(key, Entry::new(user, size, read, depends_on))
        }))
    }

    /// Finds an active workflow that starts by requests, like [`workflows::find_called`]. Fails if it is broken.
    #[boxed]
    pub async fn called_workflow(&self, id: WorkflowId) -> Result<Option<Arc<CalledWorkflow>>> {
        if let Some(called) = self.workflows.get(&id, &self.database) {
            return Ok(Some(called));
        }
        let read = self.database.changes().now();
        let workflow = workflows::find_called(&mut self.database.read_by_key().await?, id).await?;
        let Some(workflow) = workflow else { return Ok(None) };
        let broken = |violations| Error::Internal(format!("workflow {id}: {violations}"));
        let graph = workflow.definition.compiled().map_err(broken)?;
        let depends_on = [id.to_string(), workflow.workspace_id.to_string()].map(|id| mark_of_object(&id));
        let size = size_of::<CalledWorkflow>() + COMPILED * workflow.definition.graph.to_string().len();
        let called = CalledWorkflow { workflow, graph };
        Ok(Some(self.workflows.keep(id, Entry::new(called, size, read, depends_on))))
    }

    /// Lists external users, like [`external_users::list`]. Remembers where pages end, by which it finds the next ones.
    #[boxed]
    pub async fn external_users(
        &self,
        workspace_id: WorkspaceId,
        filter: &ExternalUserFilter,
        order: ExternalUserOrder,
        window: &Window,
    ) -> Result<Slice<ExternalUser>> {
        let Page::Number(number) = window.page else {
            let connection = &mut self.connection_for(filter, window).await?;
            return external_users::list(connection, workspace_id, filter, order, window).await;
        };
        let Window { limit, direction, .. } = *window;
        let page = NumberedPage { workspace_id, filter: filter.clone(), order, direction, limit, number };
        let (mut counted, mut window) = (self.database.changes().now(), window.clone());
        if number != PageNumber::FIRST {
            let Some((last, moment)) = self.end_before(&page, &window).await? else {
                return Ok(Slice::cut(Vec::new(), &window));
            };
            counted = moment;
            window.page = Page::After(last);
        }
        let connection = &mut self.connection_for(filter, &window).await?;
        let slice = external_users::list(connection, workspace_id, filter, order, &window).await?;
        if let (Some(number), true, Some(last)) = (number.next(), slice.has_more_after, slice.items.last()) {
            self.page_ends.keep(NumberedPage { number, ..page }, order.position_of(last), counted);
        }
        Ok(slice)
    }

    /// Returns the last user before a page, and the moment before it was counted. Counting takes long: of those who ask for
    /// the same page, one counts.
    async fn end_before(&self, page: &NumberedPage, window: &Window) -> Result<Option<(Position, Moment)>> {
        let (changes, came) = (self.database.changes(), self.database.changes().now());
        if let Some(end) = self.page_ends.before(page, changes, came) {
            return Ok(Some(end));
        }
        let _turn = self.page_ends.turn(page).await;
        if let Some(end) = self.page_ends.before(page, changes, came) {
            return Ok(Some(end));
        }
        let counted = changes.now();
        let connection = &mut self.database.read().await?;
        let (workspace_id, filter, order) = (page.workspace_id, &page.filter, page.order);
        let last = external_users::last_before(connection, workspace_id, filter, order, window).await?;
        Ok(last.map(|last| {
            self.page_ends.keep(page.clone(), last.clone(), counted);
            (last, counted)
        }))
    }

    /// Returns a connection that suits a window which begins at a position. A short page of all users takes about as long
    /// as a single user.
    async fn connection_for(&self, filter: &ExternalUserFilter, window: &Window) -> Result<DbConnection> {
        if *filter == ExternalUserFilter::default() && window.limit <= SHORT_PAGE {
            self.database.read_by_key().await
        } else {
            self.database.read().await
        }
    }
}

/// A workflow that starts by requests, ready to begin.
#[derive(Debug, Clone)]
pub struct CalledWorkflow {
    /// The workflow.
    pub workflow: Workflow,
    /// Its graph.
    pub graph: Graph,
}

/// How an external user is looked up.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum ExternalUserName {
    /// By its id.
    Id(ExternalUserId),
    /// By its external id: see [`external_users::find_by_external_id`].
    ExternalId(String),
    /// By its username: see [`external_users::find_by_username`].
    Username(String),
}

impl ExternalUserName {
    async fn find(
        &self,
        connection: &mut DbConnection,
        workspace_id: WorkspaceId,
    ) -> Result<Option<ExternalUser>> {
        match self {
            Self::Id(id) => external_users::find(connection, workspace_id, *id).await,
            Self::ExternalId(id) => external_users::find_by_external_id(connection, workspace_id, id).await,
            Self::Username(name) => external_users::find_by_username(connection, workspace_id, name).await,
        }
    }

    /// Returns what the answer depends on beside the user that was found: users of other channels with the same name.
    fn mark(&self, workspace_id: WorkspaceId) -> Mark {
        match self {
            Self::Id(id) => mark_of_object(&id.to_string()),
            Self::ExternalId(name) | Self::Username(name) => mark_of_name(workspace_id, name),
        }
    }

    fn len(&self) -> usize {
        match self {
            Self::Id(_) => 0,
            Self::ExternalId(name) | Self::Username(name) => name.len(),
        }
    }
}

/// Returns about how many bytes a user takes in memory.
fn size_of_user(user: &ExternalUser) -> usize {
    let texts = [
        user.external_id.as_ref().map(|text| text.as_str().len()),
        user.identifier.as_ref().map(|text| text.as_str().len()),
        user.display_name.as_ref().map(|text| text.as_str().len()),
        user.first_name.as_ref().map(|text| text.as_str().len()),
        user.last_name.as_ref().map(|text| text.as_str().len()),
        user.email.as_ref().map(|text| text.as_str().len()),
        user.phone.as_ref().map(|text| text.as_str().len()),
        user.avatar.as_ref().map(|text| text.as_str().len()),
        user.locale.as_ref().map(|text| text.as_str().len()),
        user.timezone.as_ref().map(|text| text.as_str().len()),
        Some(user.custom_fields.as_str().len()),
    ];
    size_of::<ExternalUser>() + texts.into_iter().flatten().sum::<usize>()
}

/// Entries of one kind. Those asked for least make room for new ones.
#[derive(Clone)]
struct Kept<K: Hash + Eq + Send + Sync + 'static, V: Send + Sync + 'static> {
    entries: moka::sync::Cache<K, Entry<V>>,
    hits: Counter,
    misses: Counter,
}

struct Entry<V> {
    value: Arc<V>,
    size: u32,
    read: Moment,
    depends_on: [Mark; 2],
}

impl<V> Clone for Entry<V> {
    fn clone(&self) -> Self {
        Self { value: Arc::clone(&self.value), ..*self }
    }
}

impl<V> Entry<V> {
    /// Creates an entry of a value with a size in bytes, read after a moment.
    fn new(value: V, size: usize, read: Moment, depends_on: [Mark; 2]) -> Self {
        let size = u32::try_from(size + OVERHEAD).unwrap_or(u32::MAX);
        Self { value: Arc::new(value), size, read, depends_on }
    }
}

impl<K: Hash + Eq + Send + Sync + 'static, V: Send + Sync + 'static> Kept<K, V> {
    fn new(kind: &'static str, bytes: u64) -> Self {
        let entries = moka::sync::Cache::builder().weigher(|_: &K, entry: &Entry<V>| entry.size);
        let count =
            |result| metrics::counter!("denizen_cache_look_ups_total", "kind" => kind, "result" => result);
        Self { entries: entries.max_capacity(bytes).build(), hits: count("hit"), misses: count("miss") }
    }

    /// Returns a value that still counts.
    fn get(&self, key: &K, database: &Database) -> Option<Arc<V>> {
        let entry = self.entries.get(key);
        let entry = entry.filter(|entry| database.changes().still_counts(entry.read, &entry.depends_on));
        let counter = if entry.is_some() { &self.hits } else { &self.misses };
        counter.increment(1);
        entry.map(|entry| entry.value)
    }

    fn keep(&self, key: K, entry: Entry<V>) -> Arc<V> {
        let value = Arc::clone(&entry.value);
        self.entries.insert(key, entry);
        value
    }
}
