-- Does the text that the user gave still name what it named? Not after a rename, and not when a table of the same name came
-- into a schema that is searched before.
CREATE OR REPLACE FUNCTION pgstream._own_text_holds(target pgstream.pgs_stream_tables) RETURNS boolean
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  hidden boolean;
BEGIN
  IF NOT target.defining_query_holds THEN
    RETURN false;
  END IF;
  PERFORM set_config('search_path', target.defining_search_path, true);
  hidden := EXISTS (
    SELECT FROM pg_catalog.pg_class c
    WHERE c.oid OPERATOR(pg_catalog.=) ANY (target.relations OPERATOR(pg_catalog.||) target.views)
      AND NOT pg_catalog.pg_table_is_visible(c.oid) AND pg_catalog.to_regclass(pg_catalog.quote_ident(c.relname)) IS NOT NULL);
  RETURN NOT hidden;
END
$$;
