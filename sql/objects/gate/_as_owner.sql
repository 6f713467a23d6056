-- Runs inside `refresh_<id>_as_owner`, with the rights of the owner: what reads or writes what is the owner's, and with it
-- runs functions and triggers of the owner's, which must never have the rights of whoever asked. No role can be set here.
CREATE OR REPLACE FUNCTION pgstream._as_owner(id bigint, operation text, arguments jsonb) RETURNS SETOF jsonb
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  target pgstream.pgs_stream_tables;
  plan jsonb;
BEGIN
  CASE operation
    WHEN 'verify' THEN
      RETURN QUERY SELECT jsonb_build_object('weight', v.weight, 'row', v."row") FROM pgstream._verify_stream_table(id, arguments ->> 'query') AS v;
    WHEN 'analyze' THEN
      RETURN NEXT to_jsonb(pgstream._analyze_delta(id, arguments ->> 'function', arguments ->> 'statement'));
    WHEN 'explain' THEN
      EXECUTE format('EXPLAIN (VERBOSE, COSTS off, FORMAT json) SELECT FROM %s', pgstream._qualified_name((arguments ->> 'relation')::oid))
      INTO plan;
      RETURN NEXT plan;
    WHEN 'hidden' THEN
      RETURN NEXT to_jsonb(EXISTS (
        SELECT FROM pgstream.pgs_dependencies d JOIN pg_class c ON c.oid = d.source_relid
        WHERE d.pgs_id = id AND d.is_captured AND row_security_active(c.oid)));
    WHEN 'empty' THEN
      PERFORM pgstream._empty(id);
    WHEN 'adopt' THEN
      PERFORM pgstream._adopt(id);
    WHEN 'view' THEN
      SELECT * INTO STRICT target FROM pgstream.pgs_stream_tables s WHERE s.pgs_id = id;
      IF target.names_lost IS NOT NULL THEN
        RAISE EXCEPTION 'the query of stream table "%" cannot be read again', target.pgs_name
          USING ERRCODE = 'object_not_in_prerequisite_state',
            DETAIL = format('Something that it names was renamed, and it cannot be printed with the names of today: %s.', target.names_lost),
            HINT = 'Give it a query by pgstream.alter_stream_table(name, query => …).';
      END IF;
      RETURN NEXT to_jsonb(pgstream._make_view_under(target.definition, 'pg_catalog, pg_temp')::bigint);
  END CASE;
END
$$;
