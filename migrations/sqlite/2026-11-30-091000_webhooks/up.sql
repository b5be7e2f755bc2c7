-- Where events are sent. Their secrets are derived from the server's own and the generation, so none is stored.
CREATE TABLE webhook_endpoints (
    workspace_id BLOB NOT NULL,
    id BLOB NOT NULL,
    url TEXT NOT NULL,
    description TEXT NOT NULL,
    types TEXT NOT NULL,
    channel_ids TEXT NOT NULL,
    group_ids TEXT NOT NULL,
    tier_ids TEXT NOT NULL,
    disabled INTEGER NOT NULL,
    disabled_reason TEXT,
    generation INTEGER NOT NULL,
    previous_secret_until INTEGER,
    position INTEGER NOT NULL,
    failures INTEGER NOT NULL,
    failing_since INTEGER,
    paused_until INTEGER,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    CONSTRAINT webhook_endpoints_primary_key PRIMARY KEY (workspace_id, id)
) STRICT;

-- Each event that was sent to an endpoint, or will be again. The attempts are JSON.
CREATE TABLE webhook_deliveries (
    workspace_id BLOB NOT NULL,
    endpoint_id BLOB NOT NULL,
    event_id BLOB NOT NULL,
    position INTEGER NOT NULL,
    kind TEXT NOT NULL,
    object_id TEXT NOT NULL,
    state TEXT NOT NULL,
    attempt_count INTEGER NOT NULL,
    attempts TEXT NOT NULL,
    next_attempt_at INTEGER,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    CONSTRAINT webhook_deliveries_primary_key PRIMARY KEY (workspace_id, endpoint_id, event_id)
) STRICT;
CREATE INDEX webhook_deliveries_by_time ON webhook_deliveries (workspace_id, endpoint_id, created_at, event_id);
CREATE INDEX webhook_deliveries_by_state
    ON webhook_deliveries (workspace_id, endpoint_id, state, created_at, event_id);
CREATE INDEX webhook_deliveries_due ON webhook_deliveries (workspace_id, endpoint_id, next_attempt_at, position)
    WHERE next_attempt_at IS NOT NULL;
CREATE INDEX webhook_deliveries_by_object ON webhook_deliveries (workspace_id, object_id);
CREATE INDEX webhook_deliveries_to_remove ON webhook_deliveries (updated_at) WHERE next_attempt_at IS NULL;
