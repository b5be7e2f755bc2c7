-- How external users connect to other systems. The settings are JSON; the secret of an OAuth client is sealed.
CREATE TABLE auth_configs (
    workspace_id uuid NOT NULL,
    id uuid NOT NULL,
    toolkit text COLLATE "C" NOT NULL,
    display_name text NOT NULL,
    scheme text NOT NULL,
    settings text NOT NULL,
    sealed bytea,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    deleted_at timestamptz,
    CONSTRAINT auth_configs_primary_key PRIMARY KEY (workspace_id, id)
);
CREATE INDEX auth_configs_by_time ON auth_configs (workspace_id, created_at, id);

-- What external users have connected. What an account presents to its system is sealed. Deleted ones stay until the system has
-- revoked it.
CREATE TABLE connected_accounts (
    workspace_id uuid NOT NULL,
    id uuid NOT NULL,
    auth_config_id uuid NOT NULL,
    toolkit text COLLATE "C" NOT NULL,
    external_user_id uuid NOT NULL,
    display_name text,
    label text,
    status text NOT NULL,
    status_reason text,
    is_disabled boolean NOT NULL,
    sealed bytea,
    generation bigint NOT NULL,
    ends_at timestamptz,
    refresh_at timestamptz,
    refreshing_until timestamptz,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    deleted_at timestamptz,
    CONSTRAINT connected_accounts_primary_key PRIMARY KEY (workspace_id, id),
    CONSTRAINT connected_accounts_auth_config FOREIGN KEY (workspace_id, auth_config_id)
        REFERENCES auth_configs (workspace_id, id)
);
CREATE INDEX connected_accounts_by_time ON connected_accounts (workspace_id, created_at, id);
CREATE INDEX connected_accounts_by_user ON connected_accounts (workspace_id, external_user_id, created_at, id);
CREATE INDEX connected_accounts_by_toolkit ON connected_accounts (workspace_id, toolkit, created_at, id);
CREATE INDEX connected_accounts_by_config ON connected_accounts (workspace_id, auth_config_id, created_at, id);
CREATE INDEX connected_accounts_by_status ON connected_accounts (workspace_id, status, created_at, id);

-- Links that connect an account. The verifier of a code is sealed.
CREATE TABLE connection_links (
    workspace_id uuid NOT NULL,
    id uuid NOT NULL,
    connected_account_id uuid NOT NULL,
    token_hash bytea NOT NULL,
    callback_url text NOT NULL,
    state_hash bytea,
    browser_hash bytea,
    verifier bytea,
    redirect_url text,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    CONSTRAINT connection_links_primary_key PRIMARY KEY (workspace_id, id),
    CONSTRAINT connection_links_account FOREIGN KEY (workspace_id, connected_account_id)
        REFERENCES connected_accounts (workspace_id, id)
);
CREATE UNIQUE INDEX connection_links_token ON connection_links (workspace_id, token_hash);
CREATE UNIQUE INDEX connection_links_state ON connection_links (workspace_id, state_hash);
CREATE INDEX connection_links_by_account ON connection_links (workspace_id, connected_account_id, expires_at);
