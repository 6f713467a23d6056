-- Moves the frontier to the snapshot that a refresh has read. In the refresh's own transaction, so that data and frontier
-- move together. `captured`: the sequence, read right before the refresh statement: everything this transaction had captured
-- by then has no greater number, everything it captures later a greater one, triggers of the stream table that write a source
-- included.
--
-- One thing may be read before it is captured: rows that the very statement around the refresh has written (WITH … UPDATE
-- … SELECT refresh_stream_table(…)), because triggers fire at its end. So the sources are noted as consumed in this
-- statement, and a capture that still comes in it notes a truncation, which makes the next refresh compute anew
-- (pgstream._generate_capture).
--
-- Nor does a transaction see all that it truncates, when its snapshot is older than what others have committed since: their
-- changes look new to this frontier, and their rows are gone. So what it has truncated under REPEATABLE READ stays noted, with
-- a number that is not consumed, and whoever refreshes next computes anew.
--
-- Keeps the measured costs, too, by which AUTO decides. A large delta teaches the costs of its sources
-- (pgstream._learned_costs), a small one the fixed part and that of its `kind`, a FULL refresh its own.
CREATE OR REPLACE FUNCTION pgstream._advance(
  id bigint, sources oid[], snapshot pg_snapshot, captured bigint, as_of timestamptz, duration_ms double precision,
  action text, changed_rows bigint, changes bigint[], costs double precision[], kind text
) RETURNS void
LANGUAGE plpgsql
AS $$
#variable_conflict use_column
DECLARE
  is_full CONSTANT boolean := action <> 'DIFFERENTIAL';
  is_small CONSTANT boolean := NOT is_full AND changed_rows <= 1000;
  source oid;
  noted text;
BEGIN
  UPDATE pgstream.frontiers f
  SET snapshot = _advance.snapshot, own_xid = pg_current_xact_id()::text::bigint,
    own_seq = captured,
    -- Who reads other stream tables is not younger than these: pgstream._date says so afterwards.
    checked_at = as_of, data_timestamp = as_of,
    -- The transaction's, as the statement saw it.
    moment = CASE WHEN f.moment IS NOT NULL THEN now() END,
    last_refresh_at = clock_timestamp(), last_duration_ms = duration_ms,
    -- What is differential is of this cluster.
    system_identifier = CASE WHEN is_full THEN pgstream._cluster() ELSE f.system_identifier END,
    skips = 0, retry_at = NULL, waiting_for = NULL, failed_version = NULL,
    -- Where they are close, computing everything is tried again, too; soon, as long as only the first fill is known.
    full_ms = CASE WHEN NOT is_full THEN f.full_ms * CASE WHEN costs IS NULL THEN 1
        WHEN NOT f.full_is_measured AND f.full_ms < duration_ms * 3 THEN 0.8
        WHEN f.full_ms < duration_ms * 1.5 THEN 0.975 ELSE 1 END
      WHEN f.full_is_measured THEN f.full_ms * 0.5 + duration_ms * 0.5 ELSE duration_ms END,
    full_is_measured = f.full_is_measured OR is_full AND f.full_ms IS NOT NULL,
    delta_ms_fixed = CASE WHEN is_small THEN coalesce(f.delta_ms_fixed * 0.8 + duration_ms * 0.2, duration_ms) ELSE f.delta_ms_fixed END,
    delta_costs = CASE WHEN costs IS NULL THEN f.delta_costs ELSE pgstream._learned_costs(action, changes, f.delta_costs, costs, duration_ms) END,
    -- The first time it is planned as well, and is half believed. What was dearer than expected is believed at once; a FULL
    -- refresh forgets a little, so that it is tried again.
    small_ms = CASE WHEN kind IS NULL OR NOT is_small AND action <> 'FULL' THEN f.small_ms
      ELSE jsonb_set(coalesce(f.small_ms, '{}'), ARRAY[kind], to_jsonb(round((CASE
        WHEN is_full THEN coalesce((f.small_ms ->> kind)::float8, 0) * 0.95
        WHEN f.small_ms ? kind THEN greatest(duration_ms, ((f.small_ms ->> kind)::float8 + duration_ms) / 2)
        ELSE duration_ms / 2 END)::numeric, 1))) END
  WHERE f.pgs_id = id;
  FOREACH source IN ARRAY sources LOOP
    noted := set_config('pg_stream.consumed_' || source, extract(epoch FROM statement_timestamp())::text, true);
  END LOOP;
  IF current_setting('transaction_isolation') IN ('repeatable read', 'serializable') THEN
    INSERT INTO pgstream.truncations (source_relid, xid, seq, reason)
    SELECT t.source_relid, t.xid, nextval('pgstream.change_seq'), min(t.reason)
    FROM pgstream.truncations t
    WHERE t.source_relid = ANY (sources) AND t.xid = pg_current_xact_id()::text::bigint
    GROUP BY t.source_relid, t.xid;
  END IF;
END
$$;
