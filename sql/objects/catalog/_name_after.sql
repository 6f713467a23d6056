-- The least name, in the order of the catalogs, that follows all that begin so: their indexes find names in a range, but not by
-- a pattern that is put together.
CREATE OR REPLACE FUNCTION pgstream._name_after(prefix name) RETURNS name
LANGUAGE sql IMMUTABLE
AS $$ SELECT (prefix::text || E'\x7f')::name $$;
