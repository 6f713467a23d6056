-- What the event triggers do at once, where there are none, or where a session had them off (the setting event_triggers): a
-- refresh looks whether anything that its plan relies on was altered. Where DDL is watched a stamp says whether there is
-- something to look at, which nearly always has been followed; a refresh asks for it once a second. (A look that is dated later than
-- now was before the clock was set back.)
CREATE OR REPLACE FUNCTION pgstream._recheck_unwatched(id bigint) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  target record;
  state jsonb;
  changed record;
  looked record;
BEGIN
  SELECT l.stamp, n.stamp AS now INTO looked
  FROM pgstream._catalog_looks l, pgstream._catalog_stamps(ARRAY[id]) AS n WHERE l.pgs_id = id;
  IF looked.stamp = looked.now AND pgstream._ddl_is_watched() THEN
    IF current_setting('transaction_isolation') NOT IN ('repeatable read', 'serializable') THEN
      -- The frontier first, as everywhere: whoever drops the stream table holds that and comes to this in the end.
      UPDATE pgstream._catalog_looks l SET looked_at = clock_timestamp()
      WHERE l.pgs_id IN (SELECT f.pgs_id FROM pgstream.frontiers f WHERE f.pgs_id = id FOR UPDATE SKIP LOCKED);
    END IF;
    RETURN;
  END IF;
  -- As it was before: what is done here makes for one more look.
  IF looked.stamp IS DISTINCT FROM looked.now THEN
    UPDATE pgstream._catalog_looks l SET stamp = looked.now, looked_at = clock_timestamp()
    WHERE l.pgs_id IN (SELECT f.pgs_id FROM pgstream.frontiers f WHERE f.pgs_id = id FOR UPDATE SKIP LOCKED);
  END IF;
  PERFORM set_config('pg_stream.nobody_told', 'on', true);
  PERFORM pgstream._follow_name(id);
  PERFORM pgstream._recheck_source(d.source_relid) FROM pgstream.pgs_dependencies d WHERE d.pgs_id = id AND d.is_captured;
  PERFORM pgstream._recheck_row_security(id);
  PERFORM pgstream._recheck_compared(id);
  PERFORM pgstream._recheck_uncaptured(d.source_relid) FROM pgstream.pgs_dependencies d WHERE d.pgs_id = id AND NOT d.is_captured;
  SELECT s.pgs_relid, s.uses, s.views, s.uses_state, s.needs_reinit AND s.needs_replan AS is_marked INTO target FROM pgstream.pgs_stream_tables s WHERE s.pgs_id = id;
  IF target.uses <> '{}' OR target.views <> '{}' THEN
    state := pgstream._uses_state(target.uses, target.views);
    IF state <> target.uses_state THEN
      FOR changed IN
        SELECT b.value ->> 0 AS name, a.value IS NULL AS dropped,
          CASE WHEN b.key NOT LIKE 'view %' THEN pgstream._rivals(split_part(b.key, '/', 1)::oid, split_part(b.key, '/', 2)::oid) IS NOT NULL END AS has_rivals
        FROM jsonb_each(target.uses_state) AS b LEFT JOIN jsonb_each(state) AS a USING (key)
        -- What is to be planned and computed anew in any case can still lack something for that.
        WHERE a.value -> 1 IS DISTINCT FROM b.value -> 1 AND (a.value IS NULL OR NOT target.is_marked) ORDER BY 2 DESC, 1
      LOOP
        PERFORM pgstream._mark_stream_tables(ARRAY[id], CASE WHEN changed.dropped THEN 'broken' WHEN changed.has_rivals THEN 'redefine' ELSE 'reinit' END,
          format(CASE WHEN changed.dropped THEN '%s, which the query uses, was dropped' ELSE '%s was altered' END, changed.name));
      END LOOP;
    END IF;
  END IF;
  PERFORM set_config('pg_stream.nobody_told', '', true);
  PERFORM pgstream._check_guards(target.pgs_relid);
END
$$;
