-- Makes a stream table be as described, creating or altering it, and says what that took: created, replaced (another
-- query), altered (only schedule, mode or group), unchanged. A query that PostgreSQL reads as the one before, however
-- it is written, is no change. For dbt and migrations.
CREATE OR REPLACE FUNCTION pgstream.create_or_replace_stream_table(
  name text, query text, schedule text DEFAULT 'calculated', refresh_mode text DEFAULT 'AUTO', initialize boolean DEFAULT true,
  consistency_group text DEFAULT NULL
) RETURNS text
LANGUAGE plpgsql
SET pg_stream.internal = 'on'
AS $$
DECLARE
  id bigint := pgstream._id_of_name(name);
  target record;
  exact text;
  chosen record;
  mode text;
  members text := pgstream._check_group_name(consistency_group);
  view pg_catalog.oid;
  same_query boolean;
  same_rest boolean;
BEGIN
  IF id IS NULL THEN
    PERFORM pgstream.create_stream_table(name, query, schedule, refresh_mode, initialize, consistency_group);
    RETURN 'created';
  END IF;
  PERFORM pgstream._check_owner(id);
  PERFORM pgstream._check_flag('initialize', initialize);
  chosen := pgstream._check_schedule(schedule);
  mode := pgstream._check_mode(refresh_mode);
  SELECT s.definition, s.schedule, s.refresh_mode, s.consistency_group, s.broken_reason, pg_catalog.format('%I.%I', s.pgs_schema, s.pgs_name) AS label
  INTO target FROM pgstream.pgs_stream_tables s WHERE s.pgs_id OPERATOR(pg_catalog.=) id;
  exact := target.label;
  view := pgstream._make_view(query);
  same_query := target.broken_reason IS NULL AND target.definition OPERATOR(pg_catalog.=) pgstream._view_definition(view);
  PERFORM pgstream._drop_view();
  same_rest := target.schedule IS NOT DISTINCT FROM chosen.schedule AND target.refresh_mode OPERATOR(pg_catalog.=) mode
    AND target.consistency_group IS NOT DISTINCT FROM members;
  IF same_query AND same_rest THEN
    RETURN 'unchanged';
  END IF;
  PERFORM pgstream.alter_stream_table(exact, query => CASE WHEN NOT same_query THEN query END,
    schedule => coalesce(chosen.schedule, 'calculated'), refresh_mode => mode,
    consistency_group => coalesce(members, ''));
  RETURN CASE WHEN same_query THEN 'altered' ELSE 'replaced' END;
END
$$;
