-- Changes a stream table; NULL leaves a property as it is. A new query with the same columns is taken over online: the
-- table stays, readable, and its content changes by the difference. Other columns replace the table, which then must
-- have no dependents.
CREATE OR REPLACE FUNCTION pgstream.alter_stream_table(
  name text, query text DEFAULT NULL, schedule text DEFAULT NULL, refresh_mode text DEFAULT NULL, status text DEFAULT NULL,
  cdc_mode text DEFAULT NULL, consistency_group text DEFAULT NULL
) RETURNS void
LANGUAGE plpgsql
SET pg_stream.internal = 'on'
AS $$
DECLARE
  id bigint := pgstream._stream_table_id(name);
  target pgstream.pgs_stream_tables;
  mode text;
  view pg_catalog.oid;
BEGIN
  PERFORM pgstream._check_owner(id);
  SELECT * INTO target FROM pgstream.pgs_stream_tables s WHERE s.pgs_id OPERATOR(pg_catalog.=) id;
  IF schedule IS NOT NULL OR cdc_mode IS NOT NULL OR consistency_group IS NOT NULL THEN
    PERFORM pgstream._ask(id, 'properties',
      pg_catalog.jsonb_build_object('schedule', schedule, 'cdc_mode', cdc_mode, 'consistency_group', consistency_group));
  END IF;
  mode := pgstream._check_mode(coalesce(refresh_mode, target.refresh_mode));
  IF query IS NOT NULL THEN
    view := pgstream._make_view(query);
    PERFORM pgstream._redefine(view, id, query, pg_catalog.current_setting('search_path'), mode);
    PERFORM pgstream._drop_view();
    PERFORM pgstream._ask(id, 'align');
  ELSIF mode OPERATOR(pg_catalog.<>) target.refresh_mode AND target.broken_reason IS NULL THEN
    PERFORM pgstream._ask(id, 'mode', pg_catalog.jsonb_build_object('mode', mode));
  ELSIF mode OPERATOR(pg_catalog.<>) target.refresh_mode THEN
    PERFORM pgstream._define_again(id, mode);
  END IF;
  IF pg_catalog.upper(status) OPERATOR(pg_catalog.=) 'ACTIVE' THEN
    PERFORM pgstream._resume(id);
  ELSIF status IS NOT NULL THEN
    PERFORM pgstream._ask(id, 'status', pg_catalog.jsonb_build_object('status', status));
  END IF;
END
$$;
