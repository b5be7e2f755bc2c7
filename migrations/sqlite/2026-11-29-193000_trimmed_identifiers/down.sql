-- The blanks are gone.
SELECT 1;
