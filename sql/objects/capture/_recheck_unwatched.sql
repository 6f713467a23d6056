-- What the event triggers do at once, where there are none: a refresh looks whether anything that its plan relies on was
-- altered.
CREATE OR REPLACE FUNCTION pgstream._recheck_unwatched(id bigint) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  target record;
  state jsonb;
  changed record;
BEGIN
  IF pgstream._ddl_is_watched() THEN
    RETURN;
  END IF;
  PERFORM pgstream._follow_name(id);
  PERFORM pgstream._recheck_source(d.source_relid) FROM pgstream.pgs_dependencies d WHERE d.pgs_id = id AND d.is_captured;
  PERFORM pgstream._recheck_uncaptured(d.source_relid) FROM pgstream.pgs_dependencies d WHERE d.pgs_id = id AND NOT d.is_captured;
  SELECT s.pgs_relid, s.uses, s.views, s.uses_state INTO target FROM pgstream.pgs_stream_tables s WHERE s.pgs_id = id;
  IF target.uses <> '{}' OR target.views <> '{}' THEN
    state := pgstream._uses_state(target.uses, target.views);
    IF state <> target.uses_state THEN
      FOR changed IN
        SELECT b.value ->> 0 AS name, a.value IS NULL AS dropped
        FROM jsonb_each(target.uses_state) AS b LEFT JOIN jsonb_each(state) AS a USING (key)
        WHERE a.value -> 1 IS DISTINCT FROM b.value -> 1 ORDER BY 2 DESC, 1
      LOOP
        PERFORM pgstream._mark_stream_tables(ARRAY[id], CASE WHEN changed.dropped THEN 'broken' ELSE 'reinit' END,
          format(CASE WHEN changed.dropped THEN '%s, which the query uses, was dropped' ELSE '%s was altered' END, changed.name));
      END LOOP;
    END IF;
  END IF;
  PERFORM pgstream._check_guards(target.pgs_relid);
END
$$;
