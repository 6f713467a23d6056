-- Where no event trigger tells us of a rename, a capture function must not fail the writer: when a name is gone or a type
-- has changed it writes all functions of its source anew, and for this statement notes a truncation, which says "recompute".
-- The subtransaction costs each statement a little, so it is left out where DDL is watched.
CREATE OR REPLACE FUNCTION pgstream._guard_capture_body(source oid, event text, body text) RETURNS text
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT format($body$  BEGIN
%s  EXCEPTION WHEN undefined_column OR undefined_table OR datatype_mismatch OR data_exception THEN
    PERFORM pgstream._generate_capture(%s);
    INSERT INTO pgstream.truncations (source_relid, xid, seq, reason)
    SELECT %s, (SELECT pg_catalog.pg_current_xact_id()::pg_catalog.text::pg_catalog.int8),
      (SELECT CASE WHEN pg_catalog.nextval(%L::pg_catalog.regclass) IS NOT NULL THEN
        pg_catalog.nextval('pgstream.change_seq'::pg_catalog.regclass) END),
      'a source table was altered';
  END;
$body$, body, source, source, pgstream._counter_name(source))
$$;
