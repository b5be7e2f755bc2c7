-- Searches for one or two letters find users by the beginnings of words, which trigrams do not tell from other words: the
-- first letter and the first two letters of each word. Words are what blanks and line ends separate.
CREATE INDEX external_users_by_beginning ON external_users USING gin (
    workspace_id,
    string_to_array(regexp_replace(search_text, '[ \n]*([^ \n])([^ \n]?)[^ \n]*', E'\\1\n\\1\\2\n', 'g'), E'\n')
);

-- Each search reads all that has not been sorted into the index yet: less than the default of 4 MB.
ALTER INDEX external_users_by_beginning SET (gin_pending_list_limit = 256);
ALTER INDEX external_users_search SET (gin_pending_list_limit = 256);
