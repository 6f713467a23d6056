-- Finds the table of a restored definition by its name. One that the dump left out is made again, empty, for the owner
-- that its restored function names.
CREATE OR REPLACE FUNCTION pgstream._find_table(id bigint) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET pg_stream.internal = 'on'
AS $$
DECLARE
  target pgstream.pgs_stream_tables;
  label text;
  relation oid;
  owner oid;
BEGIN
  SELECT * INTO STRICT target FROM pgstream.pgs_stream_tables s WHERE s.pgs_id = id;
  label := format('%I.%I', target.pgs_schema, target.pgs_name);
  relation := to_regclass(label);
  IF relation IS NULL THEN
    owner := (
      SELECT p.proowner FROM pg_proc p
      WHERE p.pronamespace = 'pgstream_state'::regnamespace AND p.proname = format('refresh_%s_as_owner', id));
    IF owner IS NULL THEN
      RAISE EXCEPTION 'neither the table nor its owner was restored' USING ERRCODE = 'undefined_table';
    END IF;
    relation := pgstream._make_stream_table(label, format('CREATE TABLE %s (%s)', label, (
      SELECT string_agg(concat_ws(' ', c.value ->> 'name', c.value ->> 'sql'), ', ' ORDER BY c.i)
      FROM jsonb_array_elements(target.plan -> 'columns') WITH ORDINALITY AS c(value, i))), pg_get_userbyid(owner));
  ELSIF NOT EXISTS (SELECT FROM pg_trigger t WHERE t.tgrelid = relation AND t.tgfoid = 'pgstream._refuse_write'::regproc) THEN
    -- Its rows would be replaced.
    RAISE EXCEPTION 'the relation of that name is not a stream table: it has no guard' USING ERRCODE = 'wrong_object_type';
  END IF;
  UPDATE pgstream.pgs_stream_tables s SET pgs_relid = relation WHERE s.pgs_id = id;
END
$$;
