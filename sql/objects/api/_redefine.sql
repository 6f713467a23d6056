-- The privileged half of a change of query. `view` is the analysed new query; `new_query`, its text, is NULL when the old one
-- was only read again.
CREATE OR REPLACE FUNCTION pgstream._redefine(view oid, id bigint, new_query text, path text, mode text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET row_security = on
SET pg_stream.internal = 'on'
AS $$
DECLARE
  target pgstream.pgs_stream_tables;
BEGIN
  -- The view's owner cannot be pretended.
  IF NOT pg_has_role(pgstream._own_view(view), (
      SELECT c.relowner FROM pgstream.pgs_stream_tables s JOIN pg_class c ON c.oid = s.pgs_relid WHERE s.pgs_id = id), 'USAGE') THEN
    RAISE EXCEPTION 'must be owner of the stream table' USING ERRCODE = 'insufficient_privilege';
  END IF;
  mode := pgstream._check_mode(mode);
  -- With the others of its group, which will follow it.
  PERFORM pgstream._lock_group(pgstream._group_of(id, pgstream._news_of_graph()));
  PERFORM pgstream._refuse_gone(id);
  PERFORM pgstream._follow_name(id);
  SELECT * INTO target FROM pgstream.pgs_stream_tables WHERE pgs_id = id FOR UPDATE;
  IF target.broken_reason IS NOT NULL THEN
    PERFORM pgstream._ensure_guard(target.pgs_relid);
  END IF;
  IF new_query IS NOT NULL THEN
    UPDATE pgstream.pgs_stream_tables SET defining_query = new_query, defining_search_path = path,
      defining_query_holds = pgstream._reads_alike(new_query),
      -- With another query it stands for nothing else; pgstream.compare_source says so again.
      is_copy = false
    WHERE pgs_id = id;
    IF target.is_copy THEN
      PERFORM pgstream._mark_stream_tables(ARRAY(SELECT d.pgs_id FROM pgstream.pgs_dependencies d WHERE d.source_relid = target.pgs_relid),
        'reinit', format('the copy %s has another query', pgstream._qualified_name(target.pgs_relid)));
    END IF;
  END IF;
  PERFORM pgstream._replace_definition(id, pgstream._compile_request(view, id, target.pgs_schema, target.pgs_name, mode), mode);
  IF new_query IS NOT NULL THEN
    PERFORM pgstream._check_group_members(id);
    PERFORM pgstream._tell_notices(id);
  END IF;
END
$$;
