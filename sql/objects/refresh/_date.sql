-- Notes of what moment stream tables that were refreshed (together) are: `as_of`, or `below`, that of the oldest stream table
-- that they read (pgstream._time_below); none when that shows none.
CREATE OR REPLACE FUNCTION pgstream._date(members bigint[], as_of timestamptz, below timestamptz) RETURNS void
LANGUAGE sql
SET search_path = pg_catalog, pg_temp
AS $$
  UPDATE pgstream.frontiers f SET checked_at = as_of, data_timestamp = nullif(least(as_of, below), '-infinity')
  FROM pgstream.pgs_stream_tables s
  WHERE f.pgs_id = ANY (members) AND s.pgs_id = f.pgs_id AND s.is_populated AND s.broken_reason IS NULL
$$;
