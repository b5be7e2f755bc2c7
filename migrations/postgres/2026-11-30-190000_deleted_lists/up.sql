-- Lists of deleted users that can be restored, by when they were deleted: as cheap in a workspace with many as in one with few.
CREATE INDEX deleted_external_users_listed ON deleted_external_users (workspace_id, deleted_at, id)
    WHERE record IS NOT NULL;
