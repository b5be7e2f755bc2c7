DROP TABLE server_secrets;
DROP TABLE api_key_secrets;
DROP TABLE api_keys;
DROP TABLE external_users;
DROP TABLE super_identities;
DROP TABLE external_user_groups;
DROP TABLE tiers;
DROP TABLE channels;
DROP TABLE workspaces;
-- The extensions stay: something else in the database may use them.
