-- A generated function belongs to the owner of the stream table, so that it has no other rights; and so the owner can alter
-- it. One that would run with its caller's rights is not called. (Where there are event triggers, altering is refused.)
-- For who has found that it does not run as its owner (pgstream._runs_as): says so, unless the owner is only new.
CREATE OR REPLACE FUNCTION pgstream._check_generated(id bigint, variant text) RETURNS void
LANGUAGE plpgsql
AS $$
DECLARE
  generated CONSTANT name := 'refresh_' || id || '_' || variant;
  owner CONSTANT oid := (SELECT c.relowner FROM pgstream.pgs_stream_tables s JOIN pg_class c ON c.oid = s.pgs_relid WHERE s.pgs_id = id);
BEGIN
  IF EXISTS (
    SELECT FROM pg_proc p
    WHERE p.proname = generated AND p.pronamespace = 'pgstream_state'::regnamespace AND p.proowner <> owner)
  THEN
    PERFORM pgstream._follow_owner(id);
  END IF;
  IF EXISTS (
    SELECT FROM pg_proc p
    WHERE p.proname = generated AND p.pronamespace = 'pgstream_state'::regnamespace AND NOT (p.prosecdef AND p.proowner = owner))
  THEN
    RAISE EXCEPTION 'the generated function pgstream_state.refresh_%_% was altered', id, variant
      USING ERRCODE = 'object_not_in_prerequisite_state', DETAIL = 'It would not run with the rights of the stream table''s owner.',
        HINT = 'Give the stream table its query again by pgstream.alter_stream_table(name, query => …).';
  END IF;
END
$$;
