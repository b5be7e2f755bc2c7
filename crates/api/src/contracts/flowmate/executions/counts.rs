//! Counting executions.

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap};

use denizen_domain::{AccountId, Actor, Coded, Result, Window, Workflow, WorkflowViewer, WorkspaceId};
use denizen_persistence::accounts::{self, AccountFilter};
use denizen_persistence::executions::{self, WorkflowCount};
use denizen_persistence::workflows;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::period::Period;
use crate::state::AppState;

/// How many flows, and how many accounts, are read at a time.
const BATCH: u32 = 100;

/// What executions are counted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Grouping {
    /// By the account that made the flow.
    User,
    /// By flow.
    Flow,
    /// By component: an execution counts for each that its flow uses.
    Component,
}

impl Coded for Grouping {
    const ALL: &'static [Self] = &[Self::User, Self::Flow, Self::Component];

    fn code(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Flow => "flow",
            Self::Component => "component",
        }
    }
}

/// How many executions have begun.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ExecutionCounts {
    data: Vec<ExecutionCount>,
    meta: ExecutionCountsMeta,
}

/// How many executions have begun, in all.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ExecutionCountsMeta {
    /// How many entries there are.
    total: usize,
}

/// How many executions of some flows of a tenant have begun.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ExecutionCount {
    /// Id of the account, the flow or the component; null for flows that no account has made, or that are deleted.
    #[serde(rename = "_id")]
    #[schema(required)]
    id: Option<String>,
    /// Name of the flow; null unless the counts are by flow, and if it is deleted.
    #[schema(required)]
    name: Option<String>,
    /// Id of the account that made the flows; null if none did, or in counts by component.
    #[schema(required)]
    user: Option<Uuid>,
    /// Its username; null where there is none.
    #[schema(required)]
    username: Option<String>,
    /// The workspace of the flows.
    tenant: Uuid,
    /// How many flows were executed.
    all_flows: u64,
    /// How many executions have begun.
    executions: i64,
}

/// What is counted together: what has the same tenant and the same id.
type Key = (WorkspaceId, Option<String>);

/// The counts of what is counted together.
#[derive(Default)]
struct Group {
    name: Option<String>,
    maker: Option<AccountId>,
    flows: u64,
    executions: i64,
}

/// Counts the executions in a period.
pub(super) async fn count(
    state: &AppState,
    viewer: WorkflowViewer,
    period: Period,
    grouping: Grouping,
) -> Result<ExecutionCounts> {
    let counts = {
        let connection = &mut state.database().read().await?;
        executions::counts(connection, viewer, period.from, period.until).await?
    };
    let mut groups = BTreeMap::new();
    for some in counts.chunks(usize::try_from(BATCH).unwrap_or(usize::MAX)) {
        let ids: Vec<_> = some.iter().map(|count| count.workflow_id).collect();
        let found = workflows::find_all(&mut state.database().read().await?, &ids).await?;
        let found: HashMap<_, _> = found.iter().map(|workflow| (workflow.id, workflow)).collect();
        for count in some {
            add(&mut groups, grouping, count, found.get(&count.workflow_id).copied());
        }
    }
    let makers: Vec<_> = groups.values().filter_map(|group: &Group| group.maker).collect();
    let usernames = usernames(state, makers).await?;
    let mut data: Vec<_> = groups.into_iter().map(|(key, group)| shown(key, group, &usernames)).collect();
    data.sort_by_key(|count| Reverse(count.executions));
    let meta = ExecutionCountsMeta { total: data.len() };
    Ok(ExecutionCounts { data, meta })
}

/// Adds the executions of a flow, which is gone if it is deleted.
fn add(
    groups: &mut BTreeMap<Key, Group>,
    grouping: Grouping,
    count: &WorkflowCount,
    workflow: Option<&Workflow>,
) {
    let WorkflowCount { workspace_id, workflow_id, executions } = *count;
    let maker = workflow.and_then(maker_of);
    let ids: Vec<_> = match grouping {
        Grouping::User => vec![maker.map(|id| id.to_string())],
        Grouping::Flow => vec![Some(workflow_id.to_string())],
        Grouping::Component => workflow.map_or_else(
            || vec![None],
            |workflow| workflow.definition.components().into_iter().map(|id| Some(id.to_owned())).collect(),
        ),
    };
    for id in ids {
        let group = groups.entry((workspace_id, id)).or_default();
        if grouping != Grouping::Component {
            group.maker = maker;
        }
        if grouping == Grouping::Flow {
            group.name = workflow.map(|workflow| workflow.definition.name.clone());
        }
        group.flows += 1;
        group.executions += executions;
    }
}

fn maker_of(workflow: &Workflow) -> Option<AccountId> {
    match workflow.maker {
        Actor::Account(id) => Some(id),
        _ => None,
    }
}

/// Finds the usernames of accounts. Those that are deleted have none.
async fn usernames(state: &AppState, mut ids: Vec<AccountId>) -> Result<HashMap<AccountId, String>> {
    ids.sort_unstable();
    ids.dedup();
    let mut usernames = HashMap::new();
    for some in ids.chunks(usize::try_from(BATCH).unwrap_or(usize::MAX)) {
        let filter = AccountFilter { ids: some.to_vec(), usernames: Vec::new() };
        let connection = &mut state.database().read().await?;
        let found = accounts::list(connection, &filter, &Window::first(BATCH)).await?;
        usernames.extend(found.items.into_iter().map(|account| (account.id, account.username.into_string())));
    }
    Ok(usernames)
}

fn shown(key: Key, group: Group, usernames: &HashMap<AccountId, String>) -> ExecutionCount {
    let (workspace_id, id) = key;
    let Group { name, maker, flows, executions } = group;
    ExecutionCount {
        id,
        name,
        user: maker.map(AccountId::as_uuid),
        username: maker.and_then(|maker| usernames.get(&maker).cloned()),
        tenant: workspace_id.as_uuid(),
        all_flows: flows,
        executions,
    }
}
