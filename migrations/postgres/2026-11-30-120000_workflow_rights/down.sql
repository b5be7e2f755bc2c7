-- An earlier server reads none of these permissions and scopes, so they are taken from everyone who has been given one since.
UPDATE roles SET
    permissions = trim(replace(replace(replace(replace(replace(replace(replace(' ' || permissions, ' flows.read', ''), ' flows.write', ''), ' flows.control', ''), ' flows.bulk', ''), ' templates.read', ''), ' templates.write', ''), ' webhooks.execute', '')),
    version = version + 1
    WHERE permissions LIKE '%flows.%' OR permissions LIKE '%templates.%' OR permissions LIKE '%webhooks.%';
UPDATE accounts SET
    permissions = trim(replace(replace(replace(replace(replace(replace(replace(' ' || permissions, ' flows.read', ''), ' flows.write', ''), ' flows.control', ''), ' flows.bulk', ''), ' templates.read', ''), ' templates.write', ''), ' webhooks.execute', '')),
    version = version + 1
    WHERE permissions LIKE '%flows.%' OR permissions LIKE '%templates.%' OR permissions LIKE '%webhooks.%';
UPDATE account_tokens SET
    permissions = trim(replace(replace(replace(replace(replace(replace(replace(' ' || permissions, ' flows.read', ''), ' flows.write', ''), ' flows.control', ''), ' flows.bulk', ''), ' templates.read', ''), ' templates.write', ''), ' webhooks.execute', ''))
    WHERE permissions LIKE '%flows.%' OR permissions LIKE '%templates.%' OR permissions LIKE '%webhooks.%';
UPDATE api_keys SET
    scopes = trim(replace(replace(replace(' ' || scopes, ' workflows:read', ''), ' workflows:write', ''), ' workflows:run', ''))
    WHERE scopes LIKE '%workflows:%';
UPDATE api_key_secrets SET
    scopes = trim(replace(replace(replace(' ' || scopes, ' workflows:read', ''), ' workflows:write', ''), ' workflows:run', ''))
    WHERE scopes LIKE '%workflows:%';
