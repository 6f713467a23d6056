-- Tells listeners of pg_stream_alert what happened. Only for events that are rare: NOTIFY takes a cluster-wide lock.
CREATE OR REPLACE FUNCTION pgstream._alert(event text, id bigint, payload jsonb DEFAULT '{}') RETURNS void
LANGUAGE sql
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT pg_notify('pg_stream_alert', left((
    jsonb_build_object('event', event, 'pgs_id', id, 'schema', s.pgs_schema, 'name', s.pgs_name) || payload)::text, 7999))
  FROM (SELECT id) AS i LEFT JOIN pgstream.pgs_stream_tables s ON s.pgs_id = i.id
$$;
