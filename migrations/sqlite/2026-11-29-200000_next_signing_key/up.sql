-- When a signing key begins to sign. Null for the next one, which is published beforehand, and for secrets that do not sign.
ALTER TABLE server_secrets ADD COLUMN signs_from INTEGER;
UPDATE server_secrets SET signs_from = created_at WHERE purpose = 'access_tokens';
