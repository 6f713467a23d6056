-- A refresh that finds the type of a source's column changed: reads the definition again, gives the stream table the columns
-- that follow from it, and computes its content anew, in one transaction. What cannot follow, a view over the column or the
-- query itself, is an error that says so (pgstream._record_failure notes it).
CREATE OR REPLACE FUNCTION pgstream._redefine_again(id bigint, initiated_by text) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET exit_on_error = off
SET pg_stream.internal = 'on'
SET client_min_messages = warning
AS $$
DECLARE
  old pgstream.pgs_stream_tables;
  request jsonb;
  words text;
BEGIN
  SELECT * INTO STRICT old FROM pgstream.pgs_stream_tables s WHERE s.pgs_id = id FOR UPDATE;
  BEGIN
    request := pgstream._read_again(id, old.refresh_mode);
    PERFORM pgstream._check_acyclic(old.pgs_relid, request);
    PERFORM pgstream._define(id, (SELECT pg_get_userbyid(c.relowner) FROM pg_class c WHERE c.oid = old.pgs_relid), request);
  EXCEPTION WHEN syntax_error_or_access_rule_violation OR feature_not_supported OR object_not_in_prerequisite_state THEN
    -- Rights may be given back. 55000 stands for its class here, in which are the locks of others; and what was renamed just now is
    -- found under its new name.
    IF SQLSTATE = '42501' OR SQLSTATE LIKE '55%' AND SQLSTATE <> '55000' OR pgstream._is_of_names(SQLSTATE) AND pgstream._names_differ(old.names, pgstream._names_now(old.names)) THEN
      RAISE;
    END IF;
    GET STACKED DIAGNOSTICS words = MESSAGE_TEXT;
    RAISE EXCEPTION '%, and stream table "%" cannot follow: %', old.reinit_reason, old.pgs_name, words
      USING ERRCODE = 'dependent_objects_still_exist',
        HINT = format('Give it another query with pgstream.alter_stream_table(%L, query => …), or put the column back.', old.pgs_name);
  END;
  BEGIN
    PERFORM pgstream._exchange_plan(id, request, old, initiated_by, old.reinit_reason);
  EXCEPTION WHEN dependent_objects_still_exist THEN
    GET STACKED DIAGNOSTICS words = PG_EXCEPTION_DETAIL;
    RAISE EXCEPTION '%, and stream table "%" cannot follow: %', old.reinit_reason, old.pgs_name, words
      USING ERRCODE = 'dependent_objects_still_exist',
        HINT = format('Drop what depends on the columns, call pgstream.resume_stream_table(%L), and make it again.', old.pgs_name);
  END;
END
$$;
