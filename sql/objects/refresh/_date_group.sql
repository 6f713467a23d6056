-- Notes that all members of a group are of one moment: `as_of`, or that of the oldest stream table below the group.
CREATE OR REPLACE FUNCTION pgstream._date_group(members bigint[], as_of timestamptz) RETURNS void
LANGUAGE sql
SET search_path = pg_catalog, pg_temp
AS $$
  UPDATE pgstream.frontiers f SET checked_at = as_of, data_timestamp = below.moment
  FROM (SELECT least(as_of, pgstream._time_below(members)) AS moment) AS below, pgstream.pgs_stream_tables s
  WHERE f.pgs_id = ANY (members) AND s.pgs_id = f.pgs_id AND s.is_populated AND s.status <> 'SUSPENDED' AND s.broken_reason IS NULL
$$;
