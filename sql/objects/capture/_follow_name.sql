-- Notes the name and schema that a stream table has by now; its plan prints them. Where nobody told of new names, another may still be
-- noted by the one that this has now: the two have swapped them, or that one is gone.
CREATE OR REPLACE FUNCTION pgstream._follow_name(id bigint) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  now record;
  other bigint;
BEGIN
  SELECT n.nspname, c.relname INTO now
  FROM pgstream.pgs_stream_tables s JOIN pg_class c ON c.oid = s.pgs_relid JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE s.pgs_id = id AND (n.nspname, c.relname) IS DISTINCT FROM (s.pgs_schema, s.pgs_name);
  IF NOT FOUND THEN
    RETURN;
  END IF;
  UPDATE pgstream.pgs_stream_tables s SET pgs_name = format('%s of %s', left(s.pgs_name, 20), s.pgs_id)
  WHERE s.pgs_schema = now.nspname AND s.pgs_name = now.relname AND s.pgs_id <> id
  RETURNING s.pgs_id INTO other;
  UPDATE pgstream.pgs_stream_tables s SET pgs_schema = now.nspname, pgs_name = now.relname, needs_replan = true WHERE s.pgs_id = id;
  IF other IS NOT NULL THEN
    PERFORM pgstream._follow_name(other);
  END IF;
END
$$;
