-- Work that outlives a request.

CREATE TABLE jobs (
    workspace_id BLOB NOT NULL,
    id BLOB NOT NULL,
    lane BLOB NOT NULL,
    kind TEXT NOT NULL,
    object_id TEXT NOT NULL,
    state TEXT NOT NULL,
    payload TEXT NOT NULL,
    progress TEXT,
    error TEXT,
    attempts INTEGER NOT NULL,
    due_at INTEGER,
    asleep_since INTEGER,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    finished_at INTEGER,
    CONSTRAINT jobs_primary_key PRIMARY KEY (workspace_id, id)
) STRICT;
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
    workspace_id BLOB NOT NULL,
    lane BLOB NOT NULL,
    due_at INTEGER NOT NULL,
    lease BLOB,
    CONSTRAINT job_lanes_primary_key PRIMARY KEY (workspace_id, lane)
) STRICT;
CREATE INDEX job_lanes_due ON job_lanes (due_at);
