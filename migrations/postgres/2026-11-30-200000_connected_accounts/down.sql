-- An earlier server reads none of these scopes, so they are taken from every key that has been given one since.
UPDATE api_keys SET
    scopes = trim(replace(replace(replace(replace(replace(' ' || scopes, ' auth_configs:read', ''), ' auth_configs:write', ''), ' connected_accounts:read', ''), ' connected_accounts:write', ''), ' connected_accounts:use', ''))
    WHERE scopes LIKE '%auth_configs:%' OR scopes LIKE '%connected_accounts:%';
UPDATE api_key_secrets SET
    scopes = trim(replace(replace(replace(replace(replace(' ' || scopes, ' auth_configs:read', ''), ' auth_configs:write', ''), ' connected_accounts:read', ''), ' connected_accounts:write', ''), ' connected_accounts:use', ''))
    WHERE scopes LIKE '%auth_configs:%' OR scopes LIKE '%connected_accounts:%';
DELETE FROM job_lanes WHERE EXISTS (
    SELECT 1 FROM jobs
    WHERE jobs.workspace_id = job_lanes.workspace_id AND jobs.lane = job_lanes.lane
        AND jobs.kind = 'connected_account'
);
DELETE FROM jobs WHERE kind = 'connected_account';
DROP TABLE connection_links;
DROP TABLE connected_accounts;
DROP TABLE auth_configs;
