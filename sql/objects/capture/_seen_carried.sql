-- pgstream._planned_carriers, asked per statement where the plan does not say so: it was made in a transaction that sees the
-- catalogs as they were, or while there were others, of which the end is not told to the parent's plans.
--
-- A transaction that sees the catalogs as they were looks once, as long as it alters none of these tables itself: that has the
-- plan made anew, at `planned`. So does DDL of others, and what a transaction has seen that began after the plan was made holds for
-- those that follow (400 partitions: 1.2 ms a look). One that is older than what the capture functions know says nothing about
-- that, and is believed.
CREATE OR REPLACE FUNCTION pgstream._seen_carried(source oid, known text, planned timestamptz) RETURNS boolean
LANGUAGE plpgsql VOLATILE
AS $$
DECLARE
  repeatable CONSTANT boolean := pg_catalog.current_setting('transaction_isolation') OPERATOR(pg_catalog.=) ANY ('{"repeatable read",serializable}'::pg_catalog.text[]);
  setting CONSTANT text := 'pg_stream.carried_' || source::pg_catalog.text;
  -- No snapshot of ours is older than this.
  since CONSTANT numeric := pg_catalog.extract('epoch'::pg_catalog.text, CASE WHEN repeatable THEN pg_catalog.now() ELSE pg_catalog.clock_timestamp() END);
  plan CONSTANT numeric := pg_catalog.extract('epoch'::pg_catalog.text, planned);
  -- What was known, since when that held, when somebody looked, and whether that was seen.
  look text[] := pg_catalog.string_to_array(pg_catalog.current_setting(setting, true), ' ');
  is_seen boolean;
BEGIN
  IF look[1] OPERATOR(pg_catalog.=) known AND (
      look[4] OPERATOR(pg_catalog.=) 'seen' AND look[2]::pg_catalog.numeric OPERATOR(pg_catalog.>) plan
      OR look[2]::pg_catalog.numeric OPERATOR(pg_catalog.=) since AND look[3]::pg_catalog.numeric OPERATOR(pg_catalog.>) plan) THEN
    RETURN true;
  END IF;
  is_seen := pgstream._current_carriers(source) OPERATOR(pg_catalog.=) known;
  IF NOT is_seen AND (NOT repeatable OR EXISTS (
      SELECT FROM pgstream.pgs_change_tracking t
      WHERE t.source_relid OPERATOR(pg_catalog.=) source AND pg_catalog.md5(t.carriers::pg_catalog.text) OPERATOR(pg_catalog.=) known)) THEN
    RETURN false;
  END IF;
  PERFORM pg_catalog.set_config(setting, pg_catalog.concat_ws(' ', known, since,
    pg_catalog.extract('epoch'::pg_catalog.text, pg_catalog.clock_timestamp()), CASE WHEN is_seen THEN 'seen' ELSE 'believed' END), false);
  RETURN true;
END
$$;
