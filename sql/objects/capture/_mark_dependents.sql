-- Notes on the stream tables that read `source` (only those that read one of `columns`, unless NULL) what must be done:
-- `replan` when only names changed, `reinit` when changes may be missing, `redefine` when types changed, `broken` when the
-- definition cannot hold, `obstructed` when only for now.
CREATE OR REPLACE FUNCTION pgstream._mark_dependents(source oid, columns smallint[], what text, reason text) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  dependents record;
BEGIN
  FOR dependents IN
    -- Who computes everything anew at each refresh misses no change.
    SELECT CASE WHEN what = 'reinit' AND NOT d.is_captured THEN 'replan' ELSE what END AS what, array_agg(d.pgs_id) AS ids
    FROM pgstream.pgs_dependencies d
    WHERE d.source_relid = source AND (_mark_dependents.columns IS NULL OR d.columns && _mark_dependents.columns)
    GROUP BY 1
  LOOP
    PERFORM pgstream._mark_stream_tables(dependents.ids, dependents.what, reason);
  END LOOP;
END
$$;
