-- Takes over the rows that were computed beside a stream table (pgstream._fill_beside), as its owner, whose triggers may run.
CREATE OR REPLACE FUNCTION pgstream._adopt(id bigint) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET pg_stream.refreshing = 'on'
AS $$
DECLARE
  relation oid := (SELECT s.pgs_relid FROM pgstream.pgs_stream_tables s WHERE s.pgs_id = id);
  columns text := (SELECT string_agg(quote_ident(c ->> 'name'), ', ' ORDER BY i)
    FROM pgstream.pgs_stream_tables s, jsonb_array_elements(s.columns) WITH ORDINALITY AS u(c, i) WHERE s.pgs_id = id);
BEGIN
  EXECUTE format('INSERT INTO %s (%s) SELECT %2$s FROM pgstream_state.state_%s_next', relation::regclass, columns, id);
END
$$;
