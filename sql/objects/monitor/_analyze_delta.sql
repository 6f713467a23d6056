-- EXPLAIN ANALYZE of a delta statement at the present frontier, rolled back. SECURITY INVOKER.
CREATE OR REPLACE FUNCTION pgstream._analyze_delta(id bigint, statement text) RETURNS text
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  frontier pgstream.frontiers;
  line text;
  report text := '';
BEGIN
  SELECT * INTO frontier FROM pgstream.frontiers WHERE pgs_id = id;
  BEGIN
    FOR line IN EXECUTE 'EXPLAIN (ANALYZE, BUFFERS) ' || statement
      USING pg_snapshot_xmax(frontier.snapshot)::text::bigint, pgstream._frontier_ids(frontier.snapshot, frontier.own_xid),
        frontier.own_xid, frontier.own_seq
    LOOP
      report := report || line || E'\n';
    END LOOP;
    RAISE EXCEPTION USING ERRCODE = 'PGS00';
  EXCEPTION WHEN SQLSTATE 'PGS00' THEN
    RETURN rtrim(report, E'\n');
  END;
END
$$;
