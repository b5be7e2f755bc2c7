DROP INDEX external_users_by_tier;
CREATE INDEX external_users_by_tier ON external_users (workspace_id, tier_id, created_at, id)
    WHERE tier_id IS NOT NULL;
DROP INDEX external_users_by_group;
CREATE INDEX external_users_by_group ON external_users (workspace_id, external_user_group_id, created_at, id)
    WHERE external_user_group_id IS NOT NULL;
