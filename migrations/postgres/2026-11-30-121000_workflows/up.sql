-- Workflows: what follows from what happens to people.

-- Work that follows from what happens to people. The graph, the trigger and the settings are JSON.
CREATE TABLE workflows (
    workspace_id uuid NOT NULL,
    id uuid NOT NULL,
    name text NOT NULL,
    name_folded text COLLATE "C" NOT NULL,
    searchable text NOT NULL,
    description text NOT NULL,
    kind text NOT NULL,
    status text NOT NULL,
    graph text NOT NULL,
    trigger_kind text NOT NULL,
    trigger text NOT NULL,
    settings text NOT NULL,
    maker text NOT NULL,
    template_id uuid,
    events_after bigint NOT NULL,
    next_run_at timestamptz,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    version bigint NOT NULL,
    CONSTRAINT workflows_primary_key PRIMARY KEY (workspace_id, id)
);
-- For requests that name a workflow alone.
CREATE INDEX workflows_by_id ON workflows (id);
CREATE INDEX workflows_by_time ON workflows (workspace_id, created_at, id);
CREATE INDEX workflows_by_change ON workflows (workspace_id, updated_at, id);
CREATE INDEX workflows_by_name ON workflows (workspace_id, name_folded, id);
CREATE INDEX workflows_by_trigger ON workflows (workspace_id, trigger_kind, status);
-- For those who see the workflows of all workspaces.
CREATE INDEX workflows_of_all_by_time ON workflows (created_at, id);
CREATE INDEX workflows_of_all_by_change ON workflows (updated_at, id);
CREATE INDEX workflows_of_all_by_name ON workflows (name_folded, id);

-- Who may see and change a workflow: account:… or workspace:….
CREATE TABLE workflow_owners (
    workspace_id uuid NOT NULL,
    workflow_id uuid NOT NULL,
    owner text NOT NULL,
    CONSTRAINT workflow_owners_primary_key PRIMARY KEY (workspace_id, workflow_id, owner),
    CONSTRAINT workflow_owners_workflow FOREIGN KEY (workspace_id, workflow_id) REFERENCES workflows (workspace_id, id)
);
CREATE INDEX workflow_owners_by_owner ON workflow_owners (owner, workspace_id, workflow_id);
CREATE INDEX workflow_owners_by_workflow ON workflow_owners (workflow_id, owner);

-- Definitions of which workflows are made.
CREATE TABLE workflow_templates (
    workspace_id uuid NOT NULL,
    id uuid NOT NULL,
    name text NOT NULL,
    name_folded text COLLATE "C" NOT NULL,
    searchable text NOT NULL,
    description text NOT NULL,
    kind text NOT NULL,
    status text NOT NULL,
    graph text NOT NULL,
    trigger text NOT NULL,
    settings text NOT NULL,
    tags text NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    version bigint NOT NULL,
    CONSTRAINT workflow_templates_primary_key PRIMARY KEY (workspace_id, id)
);
CREATE INDEX workflow_templates_by_id ON workflow_templates (id);
CREATE INDEX workflow_templates_by_time ON workflow_templates (workspace_id, created_at, id);
CREATE INDEX workflow_templates_by_change ON workflow_templates (workspace_id, updated_at, id);
CREATE INDEX workflow_templates_by_name ON workflow_templates (workspace_id, name_folded, id);
CREATE INDEX templates_of_all_by_time ON workflow_templates (created_at, id);
CREATE INDEX templates_of_all_by_change ON workflow_templates (updated_at, id);
CREATE INDEX templates_of_all_by_name ON workflow_templates (name_folded, id);

-- The runs of workflows. The executions of a lane run one after the other, and those with the same ordered_by in the order
-- in which they began.
CREATE TABLE executions (
    workspace_id uuid NOT NULL,
    id uuid NOT NULL,
    workflow_id uuid NOT NULL,
    lane uuid NOT NULL,
    user_id uuid,
    ordered_by uuid,
    state text NOT NULL,
    trigger_kind text NOT NULL,
    trigger_key text,
    trigger text NOT NULL,
    depth bigint NOT NULL,
    counters text NOT NULL,
    error text,
    due_at timestamptz,
    last_step bigint NOT NULL,
    revision bigint NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    finished_at timestamptz,
    CONSTRAINT executions_primary_key PRIMARY KEY (workspace_id, id)
);
-- What starts a workflow starts it once.
CREATE UNIQUE INDEX executions_once ON executions (workspace_id, workflow_id, trigger_key);
CREATE INDEX executions_by_id ON executions (id);
CREATE INDEX executions_by_time ON executions (workspace_id, created_at, id);
CREATE INDEX executions_by_workflow ON executions (workspace_id, workflow_id, created_at, id);
CREATE INDEX executions_by_user ON executions (workspace_id, user_id, created_at, id);
CREATE INDEX executions_by_state ON executions (workspace_id, state, created_at, id);
CREATE INDEX executions_of_all_by_time ON executions (created_at, id);
CREATE INDEX executions_due ON executions (workspace_id, lane, due_at, id) WHERE due_at IS NOT NULL;
CREATE INDEX executions_in_order ON executions (workspace_id, workflow_id, ordered_by, created_at, id)
    WHERE finished_at IS NULL AND ordered_by IS NOT NULL;
CREATE INDEX executions_unfinished ON executions (workspace_id, workflow_id, created_at, id)
    WHERE finished_at IS NULL;
CREATE INDEX executions_to_remove ON executions (finished_at) WHERE finished_at IS NOT NULL;

-- The steps of executions. The data, the result and the lineage (the numbers of the steps before) are JSON.
CREATE TABLE execution_steps (
    workspace_id uuid NOT NULL,
    execution_id uuid NOT NULL,
    number bigint NOT NULL,
    node_id text NOT NULL,
    state text NOT NULL,
    attempts bigint NOT NULL,
    due_at timestamptz,
    lineage text NOT NULL,
    data text NOT NULL,
    result text,
    message text,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    CONSTRAINT execution_steps_primary_key PRIMARY KEY (workspace_id, execution_id, number),
    CONSTRAINT execution_steps_execution FOREIGN KEY (workspace_id, execution_id) REFERENCES executions (workspace_id, id)
);
CREATE INDEX execution_steps_due ON execution_steps (workspace_id, execution_id, due_at, number)
    WHERE due_at IS NOT NULL;
