-- Refuses, in words, callers that do not own the stream table. SECURITY INVOKER: what must hold is held by the gate.
CREATE OR REPLACE FUNCTION pgstream._check_owner(id bigint) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  target record;
BEGIN
  SELECT s.pgs_name, c.relowner INTO target
  FROM pgstream.pgs_stream_tables s JOIN pg_class c ON c.oid = s.pgs_relid WHERE s.pgs_id = id;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'stream table % does not exist', id USING ERRCODE = 'undefined_table';
  END IF;
  IF NOT pgstream._gate_is_of(id, target.relowner) THEN
    PERFORM pgstream._follow_owner(id);
  END IF;
  IF NOT pg_has_role(current_user, target.relowner, 'USAGE') THEN
    RAISE EXCEPTION 'must be owner of stream table %', target.pgs_name
      USING ERRCODE = 'insufficient_privilege', HINT = format('Its owner is %I.', pg_get_userbyid(target.relowner));
  END IF;
END
$$;
