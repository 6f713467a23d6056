-- Whether something that a stream table names was altered since its plan was made; then the next refresh makes another. Asked
-- after a refresh has found a name missing: DDL was committed while it compiled, or ran. Not under REPEATABLE READ, whose
-- snapshot shows the names of before.
CREATE OR REPLACE FUNCTION pgstream._was_renamed(id bigint) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  IF current_setting('transaction_isolation') IN ('repeatable read', 'serializable') THEN
    RETURN false;
  END IF;
  IF NOT pgstream._ddl_is_watched() THEN
    PERFORM pgstream._recheck_unwatched(id);
  END IF;
  -- Of what a session did whose event triggers were off nobody has told.
  UPDATE pgstream.pgs_stream_tables s SET needs_replan = true
  WHERE s.pgs_id = id AND NOT s.needs_replan AND pgstream._names_differ(s.names, pgstream._names_now(s.names));
  RETURN EXISTS (SELECT FROM pgstream.pgs_stream_tables s WHERE s.pgs_id = id AND s.needs_replan AND s.broken_reason IS NULL);
END
$$;
