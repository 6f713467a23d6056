-- Seconds since the moment whose content the stream table shows; NULL before the first fill.
CREATE OR REPLACE FUNCTION pgstream.get_staleness(name text) RETURNS double precision
LANGUAGE sql VOLATILE
AS $$
  SELECT pg_catalog.date_part('epoch', pg_catalog.clock_timestamp() OPERATOR(pg_catalog.-) f.data_timestamp)
  FROM (SELECT pgstream._stream_table_id(name) AS id) AS i
  LEFT JOIN pgstream._freshness() f ON f.pgs_id OPERATOR(pg_catalog.=) i.id
$$;
