-- Refreshes a stream table by a person's wish: first the stream tables below it, so that it shows what the ordinary tables
-- show, and together with it the others of its group. What is suspended or broken on the way stays as it is.
--
-- Who had to wait may have waited for a definition that made other groups: then everything is let go of, and done again.
CREATE OR REPLACE FUNCTION pgstream._refresh_with_sources(id bigint) RETURNS text
LANGUAGE plpgsql
AS $$
DECLARE
  news pgstream.graph[];
  groups text[];
  members bigint[];
  actions text[];
  action text;
  as_of timestamptz;
BEGIN
  LOOP
    news := pgstream._news_of_graph();
    groups := pgstream._groups_needed(id, news);
    action := 'SKIP';
    BEGIN
      FOR i IN 1..cardinality(groups) LOOP
        members := groups[i]::bigint[];
        IF cardinality(members) = 1 THEN
          -- Or somebody has dropped it.
          CONTINUE WHEN NOT EXISTS (SELECT FROM pgstream.pgs_stream_tables s
            WHERE s.pgs_id = members[1] AND s.status <> 'SUSPENDED' AND s.broken_reason IS NULL);
          as_of := clock_timestamp();
          actions := ARRAY[pgstream._refresh_or_recompute(members[1], 'MANUAL')];
        ELSE
          SELECT t.actions, t.as_of INTO actions, as_of FROM pgstream._refresh_together(members, 'MANUAL', false) AS t;
        END IF;
        IF actions && '{FULL,DIFFERENTIAL,REINITIALIZE}' OR pgstream._has_moments(members) THEN
          PERFORM pgstream._date(members, as_of, pgstream._time_below(members, news));
        END IF;
        action := coalesce(actions[array_position(members, id)], action);
      END LOOP;
      IF pgstream._groups_needed(id, pgstream._news_of_graph()) = groups THEN
        EXIT;
      END IF;
      RAISE EXCEPTION USING ERRCODE = 'PGS02', MESSAGE = 'other stream tables are refreshed together by now';
    EXCEPTION WHEN SQLSTATE 'PGS02' THEN
      NULL;
    END;
  END LOOP;
  -- Somebody has dropped it.
  IF groups = '{}' THEN
    RETURN pgstream._refresh_or_recompute(id, 'MANUAL');
  END IF;
  RETURN action;
END
$$;
