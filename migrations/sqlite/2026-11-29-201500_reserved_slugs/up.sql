-- Slugs of workspaces that paths need for something else: numbers, which stand for the workspace with that number, and the
-- words of the paths below /flows and /organizations. They get "-2", or the id where another workspace has that slug.
UPDATE workspaces SET slug = CASE
    WHEN length(slug) <= 61 AND NOT EXISTS (
        SELECT 1 FROM workspaces AS others WHERE others.slug = workspaces.slug || '-2'
    ) THEN slug || '-2'
    ELSE substr(slug, 1, 30) || '-' || lower(hex(id))
END
WHERE slug NOT GLOB '*[^0-9]*' OR slug IN ('all', 'find', 'import', 'invitations', 'join', 'users');
