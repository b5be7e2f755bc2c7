-- The rights of workflows, for the built-in roles: TENANT_ADMIN gets all of them, USER those to read. They come last in stored
-- sets. The version changes the entity tags of the accounts that hold the roles.
UPDATE roles SET permissions = trim(permissions || ' flows.read flows.write flows.control flows.bulk templates.read templates.write webhooks.execute'), version = version + 1
    WHERE id = x'8f6f9c526d3e4a0b9a513c1f0e7d2a02';
UPDATE roles SET permissions = trim(permissions || ' flows.read templates.read'), version = version + 1
    WHERE id = x'8f6f9c526d3e4a0b9a513c1f0e7d2a03';
