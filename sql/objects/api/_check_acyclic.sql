-- A stream table must not read itself, not through others either. Two who give stream tables queries over stream tables
-- might close a cycle together, so one waits for the other; a new stream table, which nobody reads, closes none.
CREATE OR REPLACE FUNCTION pgstream._check_acyclic(target oid, request jsonb) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  read oid[] := ARRAY(SELECT r.key::oid FROM jsonb_each(request -> 'relations') AS r ORDER BY 1);
  way text;
BEGIN
  IF NOT EXISTS (SELECT FROM pgstream.pgs_stream_tables s WHERE s.pgs_relid = ANY (read)) THEN
    RETURN;
  END IF;
  LOCK TABLE pgstream._definition_lock IN SHARE ROW EXCLUSIVE MODE;
  IF current_setting('transaction_isolation') IN ('repeatable read', 'serializable') THEN
    -- What the other has committed is not to be seen by this snapshot; that it wrote these rows is an error (40001).
    PERFORM FROM pgstream.pgs_stream_tables s WHERE s.pgs_relid = ANY (read) ORDER BY s.pgs_id FOR SHARE;
  END IF;
  way := pgstream._cycle(target, read);
  IF way IS NOT NULL THEN
    RAISE EXCEPTION 'stream table % would read itself: %', pgstream._qualified_name(target), way
      USING ERRCODE = 'invalid_object_definition',
        HINT = 'Take it out of the query, or out of the stream tables that the query reads.';
  END IF;
END
$$;
