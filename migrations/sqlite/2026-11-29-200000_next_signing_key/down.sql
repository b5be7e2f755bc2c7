-- Earlier versions sign with the newest key.
DELETE FROM server_secrets WHERE purpose = 'access_tokens' AND signs_from IS NULL;
ALTER TABLE server_secrets DROP COLUMN signs_from;
