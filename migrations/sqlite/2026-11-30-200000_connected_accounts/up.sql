-- How external users connect to other systems. The settings are JSON; the secret of an OAuth client is sealed.
CREATE TABLE auth_configs (
    workspace_id BLOB NOT NULL,
    id BLOB NOT NULL,
    toolkit TEXT NOT NULL,
    display_name TEXT NOT NULL,
    scheme TEXT NOT NULL,
    settings TEXT NOT NULL,
    sealed BLOB,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    deleted_at INTEGER,
    CONSTRAINT auth_configs_primary_key PRIMARY KEY (workspace_id, id)
) STRICT;
CREATE INDEX auth_configs_by_time ON auth_configs (workspace_id, created_at, id);

-- What external users have connected. What an account presents to its system is sealed. Deleted ones stay until the system has
-- revoked it.
CREATE TABLE connected_accounts (
    workspace_id BLOB NOT NULL,
    id BLOB NOT NULL,
    auth_config_id BLOB NOT NULL,
    toolkit TEXT NOT NULL,
    external_user_id BLOB NOT NULL,
    display_name TEXT,
    label TEXT,
    status TEXT NOT NULL,
    status_reason TEXT,
    is_disabled INTEGER NOT NULL,
    sealed BLOB,
    generation INTEGER NOT NULL,
    ends_at INTEGER,
    refresh_at INTEGER,
    refreshing_until INTEGER,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    deleted_at INTEGER,
    CONSTRAINT connected_accounts_primary_key PRIMARY KEY (workspace_id, id),
    CONSTRAINT connected_accounts_auth_config FOREIGN KEY (workspace_id, auth_config_id)
        REFERENCES auth_configs (workspace_id, id)
) STRICT;
CREATE INDEX connected_accounts_by_time ON connected_accounts (workspace_id, created_at, id);
CREATE INDEX connected_accounts_by_user ON connected_accounts (workspace_id, external_user_id, created_at, id);
CREATE INDEX connected_accounts_by_toolkit ON connected_accounts (workspace_id, toolkit, created_at, id);
CREATE INDEX connected_accounts_by_config ON connected_accounts (workspace_id, auth_config_id, created_at, id);
CREATE INDEX connected_accounts_by_status ON connected_accounts (workspace_id, status, created_at, id);

-- Links that connect an account. The verifier of a code is sealed.
CREATE TABLE connection_links (
    workspace_id BLOB NOT NULL,
    id BLOB NOT NULL,
    connected_account_id BLOB NOT NULL,
    token_hash BLOB NOT NULL,
    callback_url TEXT NOT NULL,
    state_hash BLOB,
    browser_hash BLOB,
    verifier BLOB,
    redirect_url TEXT,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    CONSTRAINT connection_links_primary_key PRIMARY KEY (workspace_id, id),
    CONSTRAINT connection_links_account FOREIGN KEY (workspace_id, connected_account_id)
        REFERENCES connected_accounts (workspace_id, id)
) STRICT;
CREATE UNIQUE INDEX connection_links_token ON connection_links (workspace_id, token_hash);
CREATE UNIQUE INDEX connection_links_state ON connection_links (workspace_id, state_hash);
CREATE INDEX connection_links_by_account ON connection_links (workspace_id, connected_account_id, expires_at);
