-- Behind the gate of a stream table: what its owner asks for, done with our rights.
CREATE OR REPLACE FUNCTION pgstream._operate(id bigint, operation text, arguments jsonb) RETURNS text
LANGUAGE plpgsql
AS $$
BEGIN
  CASE operation
    WHEN 'refresh' THEN
      RETURN pgstream._refresh_stream_table(id);
    WHEN 'drop' THEN
      PERFORM pgstream._drop_stream_table(id, (arguments ->> 'cascade')::boolean);
    WHEN 'properties' THEN
      PERFORM pgstream._alter_properties(id, arguments ->> 'schedule', arguments ->> 'cdc_mode');
    WHEN 'mode' THEN
      PERFORM pgstream._redefine_mode(id, arguments ->> 'mode');
    WHEN 'status' THEN
      PERFORM pgstream._set_status(id, arguments ->> 'status');
  END CASE;
  RETURN NULL;
END
$$;
