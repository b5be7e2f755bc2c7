-- The keys that other services keep with workspaces, sealed with a key that is not in the database.
CREATE TABLE workspace_keys (
    workspace_id uuid NOT NULL,
    sealed bytea NOT NULL,
    created_at timestamptz NOT NULL,
    CONSTRAINT workspace_keys_primary_key PRIMARY KEY (workspace_id),
    CONSTRAINT workspace_keys_workspace FOREIGN KEY (workspace_id) REFERENCES workspaces (id)
);
