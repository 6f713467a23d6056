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
  setting CONSTANT text := 'pg_stream.carried_' || source::pg_catalog.text;
  -- What was known, the transaction that looked, when, and whether it saw that.
  look text[];
  is_seen boolean;
BEGIN
  IF pg_catalog.current_setting('transaction_isolation') OPERATOR(pg_catalog.<>) ALL ('{"repeatable read",serializable}'::pg_catalog.text[]) THEN
    RETURN pgstream._current_carriers(source) OPERATOR(pg_catalog.=) known;
  END IF;
  look := pg_catalog.string_to_array(pg_catalog.current_setting(setting, true), ' ');
  IF look[1] OPERATOR(pg_catalog.=) known THEN
    IF look[2]::pg_catalog.numeric OPERATOR(pg_catalog.=) pg_catalog.extract('epoch'::pg_catalog.text, pg_catalog.now()) THEN
      IF look[3]::pg_catalog.numeric OPERATOR(pg_catalog.>) pg_catalog.extract('epoch'::pg_catalog.text, planned) THEN
        RETURN true;
      END IF;
    ELSIF look[4] OPERATOR(pg_catalog.=) 'seen' AND look[2]::pg_catalog.numeric OPERATOR(pg_catalog.>) pg_catalog.extract('epoch'::pg_catalog.text, planned) THEN
      RETURN true;
    END IF;
  END IF;
  is_seen := pgstream._current_carriers(source) OPERATOR(pg_catalog.=) known;
  IF NOT is_seen AND EXISTS (
      SELECT FROM pgstream.pgs_change_tracking t
      WHERE t.source_relid OPERATOR(pg_catalog.=) source AND pg_catalog.md5(t.carriers::pg_catalog.text) OPERATOR(pg_catalog.=) known) THEN
    RETURN false;
  END IF;
  PERFORM pg_catalog.set_config(setting, pg_catalog.concat_ws(' ', known, pg_catalog.extract('epoch'::pg_catalog.text, pg_catalog.now()),
    pg_catalog.extract('epoch'::pg_catalog.text, pg_catalog.clock_timestamp()), CASE WHEN is_seen THEN 'seen' ELSE 'believed' END), false);
  RETURN true;
END
$$;
