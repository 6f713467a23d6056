-- The shortest way by which a stream table would read itself, if its query read `relations`: a → b → c → a. NULL when
-- there is none.
CREATE OR REPLACE FUNCTION pgstream._cycle(target oid, relations oid[]) RETURNS text
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  -- What has been reached, and from which of them (its place among them; 0: from the target itself).
  reached oid[] := relations;
  reached_from integer[] := array_fill(0, ARRAY[cardinality(relations)]);
  at integer := 1;
  source oid;
  way text;
BEGIN
  WHILE at <= cardinality(reached) AND target <> ALL (reached) LOOP
    FOR source IN
      SELECT d.source_relid FROM pgstream.pgs_stream_tables s JOIN pgstream.pgs_dependencies d USING (pgs_id)
      WHERE s.pgs_relid = reached[at] ORDER BY 1
    LOOP
      CONTINUE WHEN source = ANY (reached);
      reached := reached || source;
      reached_from := reached_from || at;
    END LOOP;
    at := at + 1;
  END LOOP;
  at := array_position(reached, target);
  WHILE at > 0 LOOP
    way := concat_ws(' → ', pgstream._qualified_name(reached[at]), way);
    at := reached_from[at];
  END LOOP;
  RETURN pgstream._qualified_name(target) || ' → ' || way;
END
$$;
