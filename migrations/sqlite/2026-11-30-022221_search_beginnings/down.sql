DROP TRIGGER external_users_search_insert;
DROP TRIGGER external_users_search_update;

INSERT INTO external_users_search (external_users_search) VALUES ('delete-all');
INSERT INTO external_users_search (rowid, search_text)
    SELECT row_number, search_text
    FROM external_users_search_rows
    JOIN external_users
        ON external_users.workspace_id = external_users_search_rows.workspace_id AND id = external_user_id
    ORDER BY row_number;

CREATE TRIGGER external_users_search_insert AFTER INSERT ON external_users BEGIN
    INSERT INTO external_users_search_rows (workspace_id, external_user_id) VALUES (new.workspace_id, new.id);
    INSERT INTO external_users_search (rowid, search_text)
        SELECT row_number, new.search_text FROM external_users_search_rows
        WHERE workspace_id = new.workspace_id AND external_user_id = new.id;
END;
CREATE TRIGGER external_users_search_update AFTER UPDATE OF search_text ON external_users
WHEN old.search_text <> new.search_text BEGIN
    DELETE FROM external_users_search WHERE rowid = (
        SELECT row_number FROM external_users_search_rows
        WHERE workspace_id = new.workspace_id AND external_user_id = new.id
    );
    INSERT INTO external_users_search (rowid, search_text)
        SELECT row_number, new.search_text FROM external_users_search_rows
        WHERE workspace_id = new.workspace_id AND external_user_id = new.id;
END;
