-- EXPLAIN ANALYZE of a delta statement at the present frontier, under the settings of the function that runs it, rolled
-- back. Runs as the owner (pgstream._as_owner).
CREATE OR REPLACE FUNCTION pgstream._analyze_delta(id bigint, run_by text, statement text) RETURNS text
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET exit_on_error = off
AS $$
DECLARE
  frontier pgstream.frontiers;
  line text;
  report text := '';
BEGIN
  SELECT * INTO frontier FROM pgstream.frontiers WHERE pgs_id = id;
  BEGIN
    PERFORM set_config(split_part(c, '=', 1), btrim(substr(c, strpos(c, '=') + 1), '"'''), true)
    FROM pg_proc p, unnest(p.proconfig) AS c
    WHERE p.oid = (run_by || '(bigint,bigint[],bigint,bigint)')::regprocedure AND split_part(c, '=', 1) NOT IN ('search_path', 'plan_cache_mode');
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
