-- What is due now (pgstream._due_of), of all stream tables. Who finds that none wants a refresh says so (pgstream._note_quiet),
-- and the wait that follows need not look for the same.
CREATE OR REPLACE FUNCTION pgstream._due()
RETURNS TABLE (group_id bigint, members bigint[], versions xid[], rank integer, below timestamptz, was_left boolean)
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  at CONSTANT timestamptz := clock_timestamp();
  -- Before anything is looked at.
  seq CONSTANT bigint := pg_sequence_last_value('pgstream.change_seq');
  lagging bigint[];
  wanting bigint[];
  wanting_versions xid[];
  next_at timestamptz;
BEGIN
  SELECT coalesce(array_agg(w.pgs_id) FILTER (WHERE w.unmoved IS NOT TRUE), '{}'),
    coalesce(array_agg(w.pgs_id) FILTER (WHERE w.wants_at <= at), '{}'),
    coalesce(array_agg(w.version) FILTER (WHERE w.wants_at <= at), '{}'),
    least(min(w.wants_at) FILTER (WHERE w.wants_at > at), min(w.held_until) FILTER (WHERE w.held_until > at))
  INTO lagging, wanting, wanting_versions, next_at FROM pgstream._wanting() AS w;
  PERFORM pgstream._note_standing(at, lagging);
  IF wanting = '{}' AND NOT EXISTS (SELECT FROM pgstream._groups_apart()) THEN
    PERFORM pgstream._note_quiet(seq, greatest(0, least(5, extract(epoch FROM next_at - at))));
    RETURN;
  END IF;
  RETURN QUERY SELECT d.* FROM pgstream._due_of(wanting, wanting_versions) AS d;
END
$$;
