-- After a rename: prints the query of a stream table from its tree, by what things are, and keeps that text as its
-- definition. It is read again when the definition is (pgstream._define_again), perhaps out of a dump, where the tree means
-- nothing; the old text would fail there or, worse, mean another table. Called whenever something that the query uses was
-- altered; nearly always no name is another.
CREATE OR REPLACE FUNCTION pgstream._follow_names(id bigint) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET exit_on_error = off
AS $$
DECLARE
  target record;
  request jsonb;
  reply jsonb;
  why text;
  printed text;
  registered record;
BEGIN
  SELECT s.names, s.names_lost INTO target FROM pgstream.pgs_stream_tables s WHERE s.pgs_id = id;
  IF NOT pgstream._names_differ(target.names, pgstream._names_now(target.names)) THEN
    IF target.names_lost IS NOT NULL THEN
      UPDATE pgstream.pgs_stream_tables s SET names_lost = NULL WHERE s.pgs_id = id;
    END IF;
    RETURN;
  END IF;
  BEGIN
    request := pgstream._stored_request(id, 'FULL');
    reply := pgstream._compile(request);
    why := reply #>> '{error,message}';
  EXCEPTION WHEN OTHERS THEN
    -- This may be anybody's DDL.
    IF left(SQLSTATE, 2) IN ('40', '57') THEN
      RAISE;
    END IF;
    why := SQLERRM;
  END;
  IF why IS NULL THEN
    printed := reply #>> '{plan,query}';
    -- Constants such as that of a text search configuration are printed as the oids that they are, which another database
    -- does not have. (Inside a text its quotes would be doubled.)
    FOR registered IN
      SELECT format('%L::%s', r.object::text, format_type(r.type, NULL)) AS as_oid,
        format('%L::%s', pgstream._registered_name(r.type, r.object), format_type(r.type, NULL)) AS named
      FROM pgstream._tree_registered(ARRAY[request ->> 'tree']) AS r WHERE pgstream._registered_name(r.type, r.object) IS NOT NULL
    LOOP
      printed := replace(printed, registered.as_oid, registered.named);
    END LOOP;
    UPDATE pgstream.pgs_stream_tables s
    SET definition = printed, names = pgstream._request_names(request), names_lost = NULL, defining_query_holds = false,
      -- Should a dump leave the table out.
      columns = request -> 'columns', plan = jsonb_set(s.plan, '{columns}', reply #> '{plan,columns}')
    WHERE s.pgs_id = id;
  ELSE
    UPDATE pgstream.pgs_stream_tables s SET names_lost = why, defining_query_holds = false WHERE s.pgs_id = id;
  END IF;
END
$$;
