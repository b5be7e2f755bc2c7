-- Nothing to revert: earlier versions accept the new slugs, and nobody knows which of them replaced a number.
SELECT 1;
