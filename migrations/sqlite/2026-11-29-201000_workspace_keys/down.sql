DROP TABLE workspace_keys;
