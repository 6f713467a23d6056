-- What all sources had captured by now, and in which five minutes that is. A session that has found nothing to do keeps this
-- (in the setting pg_stream.nothing_to_ and what), and does not look for the same again while it stays so.
CREATE OR REPLACE FUNCTION pgstream._unmoved() RETURNS text
LANGUAGE sql
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT concat_ws('/', pg_sequence_last_value('pgstream.change_seq'), div(extract(epoch FROM clock_timestamp()), 300))
$$;
