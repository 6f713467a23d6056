-- Gives a stream table another definition (a compile request), and brings its content to it; to the others of its group the
-- caller aligns it (pgstream._align_defined), once nothing stands in their way.
CREATE OR REPLACE FUNCTION pgstream._replace_definition(id bigint, request jsonb, mode text) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET exit_on_error = off
SET pg_stream.internal = 'on'
SET client_min_messages = warning
AS $$
DECLARE
  old pgstream.pgs_stream_tables;
  owner name;
BEGIN
  -- With the others of its group, which will follow it.
  PERFORM pgstream._lock_group(pgstream._group_of(id, pgstream._news_of_graph()));
  -- Who waits for it under REPEATABLE READ has the old plan in the snapshot: the row that it waits for says so (SQLSTATE 40001).
  UPDATE pgstream.frontiers f SET own_seq = f.own_seq WHERE f.pgs_id = id;
  SELECT * INTO old FROM pgstream.pgs_stream_tables WHERE pgs_id = id FOR UPDATE;
  PERFORM pgstream._check_acyclic(old.pgs_relid, request);
  UPDATE pgstream.pgs_stream_tables
  -- What it was suspended for by itself may be over with the definition; by its owner it stays suspended.
  SET status = CASE WHEN status = 'SUSPENDED' AND last_error IS NOT NULL AND NOT paused THEN 'INITIALIZING' ELSE status END,
    refresh_mode = mode, needs_reinit = false, reinit_reason = NULL, consecutive_errors = 0, last_error = NULL
  WHERE pgs_id = id;
  owner := (SELECT pg_get_userbyid(c.relowner) FROM pg_class c WHERE c.oid = old.pgs_relid);
  PERFORM pgstream._define(id, owner, request);
  BEGIN
    PERFORM pgstream._exchange_plan(id, request, old, 'MANUAL', 'the definition was altered');
  EXCEPTION WHEN program_limit_exceeded THEN
    IF NOT pgstream._allow_long_values(id) THEN
      RAISE;
    END IF;
    request := request || '{"hasLongValues": true}';
    PERFORM pgstream._define(id, owner, request);
    PERFORM pgstream._exchange_plan(id, request, old, 'MANUAL', 'the definition was altered');
  END;
END
$$;
