-- After a stream table was filled by itself: brings the others of its group to the same moment.
CREATE OR REPLACE FUNCTION pgstream._align_group(id bigint) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  members bigint[];
BEGIN
  PERFORM pgstream._follow_graph();
  members := pgstream._group_of(id);
  IF cardinality(members) > 1 THEN
    PERFORM pgstream._refresh_together(members, 'INITIAL', false);
  END IF;
END
$$;
