-- Behind the gate: a stream table that is a copy of its only source is read in its place from now on, by those of the same
-- owner that were computed anew for want of it, too.
CREATE OR REPLACE FUNCTION pgstream._follow_copy(id bigint) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET pg_stream.internal = 'on'
AS $$
DECLARE
  copy record;
BEGIN
  UPDATE pgstream.pgs_stream_tables s SET is_copy = true WHERE s.pgs_id = id;
  SELECT s.relations[1] AS source, c.relowner AS owner INTO copy
  FROM pgstream.pgs_stream_tables s JOIN pg_class c ON c.oid = s.pgs_relid WHERE s.pgs_id = id;
  PERFORM pgstream._mark_stream_tables(ARRAY(
      SELECT s.pgs_id FROM pgstream.pgs_stream_tables s JOIN pg_class c ON c.oid = s.pgs_relid
      WHERE copy.source = ANY (s.relations) AND s.pgs_id <> id AND c.relowner = copy.owner
        AND s.refresh_mode <> 'FULL' AND s.broken_reason IS NULL),
    'replan', format('%s is compared', pgstream._qualified_name(copy.source)));
END
$$;
