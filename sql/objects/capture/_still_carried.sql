-- pgstream._planned_carriers, asked per statement where the plan does not say so: it was made in a transaction that sees the
-- catalogs as they were, or while there were others, of which the end is not told to the parent's plans.
--
-- A transaction that sees the catalogs as they were is asked once, as long as it alters none of these tables itself. One that
-- is older than what the capture functions know says nothing about that, and is believed.
CREATE OR REPLACE FUNCTION pgstream._still_carried(source oid, known text) RETURNS boolean
LANGUAGE plpgsql VOLATILE
AS $$
DECLARE
  asked CONSTANT text := 'pg_stream.carried_' || source::pg_catalog.text;
BEGIN
  IF pg_catalog.current_setting('transaction_isolation') OPERATOR(pg_catalog.<>) ALL ('{"repeatable read",serializable}'::pg_catalog.text[]) THEN
    RETURN pgstream._current_carriers(source) OPERATOR(pg_catalog.=) known;
  END IF;
  IF pg_catalog.current_setting(asked, true) OPERATOR(pg_catalog.=) known THEN
    RETURN true;
  END IF;
  IF pgstream._current_carriers(source) OPERATOR(pg_catalog.<>) known AND EXISTS (
      SELECT FROM pgstream.pgs_change_tracking t
      WHERE t.source_relid OPERATOR(pg_catalog.=) source AND pg_catalog.md5(t.carriers::pg_catalog.text) OPERATOR(pg_catalog.=) known) THEN
    RETURN false;
  END IF;
  PERFORM pg_catalog.set_config(asked, known, true);
  RETURN true;
END
$$;
