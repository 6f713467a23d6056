-- What a worker asks many times a second. Nothing can have become pending while neither a capturing statement ran
-- (change_seq) nor any transaction ended (the snapshot); then only the clock makes work, which is looked at four times a
-- second. Returns the two for the next call, and whether run_scheduler has something to do.
CREATE OR REPLACE FUNCTION pgstream._poll(last_seq bigint, last_snapshot text, OUT seq bigint, OUT snapshot text, OUT due boolean)
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  snapshot := pg_current_snapshot()::text;
  seq := (SELECT s.last_value FROM pgstream.change_seq s);
  due := ((seq, snapshot) IS DISTINCT FROM (last_seq, last_snapshot)
      OR extract(milliseconds FROM clock_timestamp())::integer % 250 < 50)
    AND pgstream._scheduler_enabled()
    AND (EXISTS (SELECT FROM pgstream._due()) OR pgstream._watch_due());
END
$$;
