-- Behind the gate of a stream table: what its owner asks for, done with our rights.
CREATE OR REPLACE FUNCTION pgstream._operate(id bigint, operation text, arguments jsonb) RETURNS text
LANGUAGE plpgsql
AS $$
BEGIN
  -- Of a new owner nothing may have told us: the old one still has the key.
  IF NOT pgstream._gate_is_of(id, (
      SELECT c.relowner FROM pgstream.pgs_stream_tables s JOIN pg_class c ON c.oid = s.pgs_relid WHERE s.pgs_id = id)) THEN
    RAISE EXCEPTION 'the owner of the stream table has changed' USING ERRCODE = 'insufficient_privilege';
  END IF;
  CASE operation
    WHEN 'refresh' THEN
      RETURN pgstream._refresh_stream_table(id);
    WHEN 'drop' THEN
      PERFORM pgstream._drop_stream_table(id, (arguments ->> 'cascade')::boolean);
    WHEN 'properties' THEN
      PERFORM pgstream._alter_properties(id, arguments ->> 'schedule', arguments ->> 'cdc_mode',
        arguments ->> 'consistency_group');
    WHEN 'mode' THEN
      PERFORM pgstream._redefine_mode(id, arguments ->> 'mode');
    WHEN 'status' THEN
      PERFORM pgstream._set_status(id, arguments ->> 'status');
  END CASE;
  RETURN NULL;
END
$$;
