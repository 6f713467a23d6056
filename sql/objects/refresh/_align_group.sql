-- After a stream table was filled by itself: brings the others of its group to the same moment, and notes which that is.
CREATE OR REPLACE FUNCTION pgstream._align_group(id bigint) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  members bigint[];
  as_of timestamptz := clock_timestamp();
BEGIN
  PERFORM pgstream._follow_graph();
  members := pgstream._group_of(id);
  IF cardinality(members) > 1 THEN
    SELECT t.as_of INTO as_of FROM pgstream._refresh_together(members, 'INITIAL', false) AS t;
  END IF;
  IF NOT (SELECT g.is_alone FROM pgstream.graph g WHERE g.pgs_id = id) THEN
    PERFORM pgstream._date(members, as_of, pgstream._time_below(members));
  END IF;
END
$$;
