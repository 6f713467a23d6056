-- Drops what pgstream._make_view made.
CREATE OR REPLACE FUNCTION pgstream._drop_view() RETURNS void
LANGUAGE plpgsql
AS $$
BEGIN
  DROP VIEW pg_temp."pg_stream definition";
END
$$;
