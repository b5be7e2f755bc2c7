-- Work that outlives a request.

CREATE TABLE jobs (
    workspace_id uuid NOT NULL,
    id uuid NOT NULL,
    lane uuid NOT NULL,
    kind text NOT NULL,
    object_id text COLLATE "C" NOT NULL,
    state text NOT NULL,
    payload text NOT NULL,
    progress text,
    error text,
    attempts bigint NOT NULL,
    due_at timestamptz,
    asleep_since timestamptz,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    finished_at timestamptz,
    CONSTRAINT jobs_primary_key PRIMARY KEY (workspace_id, id)
);
CREATE INDEX jobs_by_time ON jobs (workspace_id, created_at, id);
CREATE INDEX jobs_due ON jobs (workspace_id, lane, due_at) WHERE due_at IS NOT NULL;
-- Those that new events of the workspace wake.
CREATE INDEX jobs_asleep ON jobs (workspace_id, lane) WHERE asleep_since IS NOT NULL;
CREATE INDEX jobs_by_state ON jobs (workspace_id, state, created_at, id);
CREATE INDEX jobs_by_object ON jobs (workspace_id, object_id, created_at, id);
-- For the metrics, of all workspaces.
CREATE INDEX jobs_counted ON jobs (state, due_at);
CREATE INDEX jobs_to_remove ON jobs (finished_at) WHERE finished_at IS NOT NULL;

-- What runs one after the other. A server that runs the first job of a lane has its lease until it is due again.
CREATE TABLE job_lanes (
    workspace_id uuid NOT NULL,
    lane uuid NOT NULL,
    due_at timestamptz NOT NULL,
    lease uuid,
    CONSTRAINT job_lanes_primary_key PRIMARY KEY (workspace_id, lane)
);
CREATE INDEX job_lanes_due ON job_lanes (due_at);
