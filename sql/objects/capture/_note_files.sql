-- Notes the files of a source that is what it was: it was emptied, which is captured, or only moved, by TRUNCATE or VACUUM FULL. The
-- next ALTER TABLE is not to be taken for what did it. Files and fingerprint are asked in one statement: one that rewrote
-- values is seen with the version that it gave them, or not at all. Waits for nobody; the next look may do it.
CREATE OR REPLACE FUNCTION pgstream._note_files(source oid) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET exit_on_error = off
AS $$
BEGIN
  -- The table before the row, like DDL and what follows it.
  EXECUTE format('LOCK TABLE %s IN ACCESS SHARE MODE NOWAIT', pgstream._qualified_name(source));
  UPDATE pgstream.pgs_change_tracking t SET files = f.now
  FROM (
    SELECT o.carriers, pgstream._files(o.carriers) AS now, pgstream._source_fingerprint(source, o.columns) AS fingerprint
    FROM pgstream.pgs_change_tracking o WHERE o.source_relid = source OFFSET 0) AS f
  WHERE t.ctid = ANY (ARRAY(SELECT o.ctid FROM pgstream.pgs_change_tracking o WHERE o.source_relid = source FOR UPDATE SKIP LOCKED))
    AND t.fingerprint = f.fingerprint AND t.carriers = f.carriers AND t.files <> f.now;
EXCEPTION WHEN lock_not_available OR serialization_failure OR insufficient_privilege THEN
  RETURN;
END
$$;
