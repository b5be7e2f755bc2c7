ALTER INDEX external_users_search RESET (gin_pending_list_limit);
DROP INDEX external_users_by_beginning;
