-- Where events are sent. Their secrets are derived from the server's own and the generation, so none is stored.
CREATE TABLE webhook_endpoints (
    workspace_id uuid NOT NULL,
    id uuid NOT NULL,
    url text NOT NULL,
    description text NOT NULL,
    types text NOT NULL,
    channel_ids text NOT NULL,
    group_ids text NOT NULL,
    tier_ids text NOT NULL,
    disabled boolean NOT NULL,
    disabled_reason text,
    generation bigint NOT NULL,
    previous_secret_until timestamptz,
    position bigint NOT NULL,
    failures bigint NOT NULL,
    failing_since timestamptz,
    paused_until timestamptz,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    CONSTRAINT webhook_endpoints_primary_key PRIMARY KEY (workspace_id, id)
);

-- Each event that was sent to an endpoint, or will be again. The attempts are JSON.
CREATE TABLE webhook_deliveries (
    workspace_id uuid NOT NULL,
    endpoint_id uuid NOT NULL,
    event_id uuid NOT NULL,
    position bigint NOT NULL,
    kind text NOT NULL,
    object_id text COLLATE "C" NOT NULL,
    state text NOT NULL,
    attempt_count bigint NOT NULL,
    attempts text NOT NULL,
    next_attempt_at timestamptz,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    CONSTRAINT webhook_deliveries_primary_key PRIMARY KEY (workspace_id, endpoint_id, event_id)
);
CREATE INDEX webhook_deliveries_by_time ON webhook_deliveries (workspace_id, endpoint_id, created_at, event_id);
CREATE INDEX webhook_deliveries_by_state
    ON webhook_deliveries (workspace_id, endpoint_id, state, created_at, event_id);
CREATE INDEX webhook_deliveries_due ON webhook_deliveries (workspace_id, endpoint_id, next_attempt_at, position)
    WHERE next_attempt_at IS NOT NULL;
CREATE INDEX webhook_deliveries_by_object ON webhook_deliveries (workspace_id, object_id);
CREATE INDEX webhook_deliveries_to_remove ON webhook_deliveries (updated_at) WHERE next_attempt_at IS NULL;
