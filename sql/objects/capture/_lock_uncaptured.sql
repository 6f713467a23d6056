-- Holds off the writers of those of several sources whose capture lacks something, before it is made for the first
-- (pgstream._ensure_capture).
CREATE OR REPLACE FUNCTION pgstream._lock_uncaptured(sources jsonb) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  IF jsonb_array_length(sources) > 1 THEN
    PERFORM pgstream._lock_sources(ARRAY(
      SELECT c.oid
      FROM jsonb_array_elements(sources) AS s JOIN pg_class c ON c.oid = (s ->> 'relation')::oid
        CROSS JOIN LATERAL (SELECT ARRAY(SELECT a::smallint FROM jsonb_array_elements_text(s -> 'columns') AS a) AS columns OFFSET 0) AS n
      WHERE c.relkind IN ('r', 'p') AND NOT pgstream._is_captured(c.oid, n.columns) AND pgstream._capture_obstacle(c.oid, n.columns) IS NULL
      ORDER BY c.oid));
  END IF;
END
$$;
