-- Behind the gate of a stream table: what its owner asks for, done with our rights. `gate_owner` is the role for which the
-- gate was made. Of a new owner nothing may have told us, and the old one still has the key: then nothing is done, and
-- OWNER CHANGED is the answer.
CREATE OR REPLACE FUNCTION pgstream._operate(id bigint, gate_owner oid, operation text, arguments jsonb) RETURNS text
LANGUAGE plpgsql
AS $$
DECLARE
  target record;
  result text;
BEGIN
  SELECT c.oid AS relid, c.relowner, s.status, s.pgs_name, s.broken_reason, s.is_obstructed, g.is_alone AND NOT EXISTS (SELECT FROM pgstream.graph_changes) AS is_alone
  INTO target
  FROM pgstream.pgs_stream_tables s JOIN pg_class c ON c.oid = s.pgs_relid LEFT JOIN pgstream.graph g ON g.pgs_id = s.pgs_id
  WHERE s.pgs_id = id;
  IF target.relowner IS DISTINCT FROM gate_owner THEN
    RETURN 'OWNER CHANGED';
  END IF;
  CASE operation
    WHEN 'refresh' THEN
      IF target.is_obstructed THEN
        -- It may have passed unseen.
        PERFORM pgstream._recheck_unwatched(id);
        SELECT s.broken_reason, s.status INTO target.broken_reason, target.status FROM pgstream.pgs_stream_tables s WHERE s.pgs_id = id;
      END IF;
      IF target.broken_reason IS NOT NULL AND target.is_obstructed THEN
        RAISE EXCEPTION 'cannot refresh stream table "%" for now', target.pgs_name
          USING ERRCODE = 'object_not_in_prerequisite_state', DETAIL = target.broken_reason || '.',
            HINT = 'It goes on by itself when that has passed. In mode AUTO it is recomputed meanwhile.';
      ELSIF target.broken_reason IS NOT NULL THEN
        RAISE EXCEPTION 'cannot refresh stream table "%"', target.pgs_name
          USING ERRCODE = 'object_not_in_prerequisite_state', DETAIL = target.broken_reason || '.',
            HINT = 'Put back what is missing and call pgstream.resume_stream_table(name), or give it a new query by pgstream.alter_stream_table(name, query => …).';
      ELSIF target.status = 'SUSPENDED' THEN
        RAISE EXCEPTION 'stream table "%" is suspended', target.pgs_name
          USING ERRCODE = 'object_not_in_prerequisite_state', HINT = 'SELECT pgstream.resume_stream_table(…) resumes it.';
      END IF;
      IF arguments ? 'since' THEN
        RETURN pgstream._refresh_with_sources(id, to_timestamp((arguments ->> 'since')::double precision));
      END IF;
      -- Nearly always there is nothing else to refresh.
      IF target.is_alone THEN
        RETURN pgstream._refresh_or_recompute(id, 'MANUAL', alone => true);
      END IF;
      RETURN pgstream._refresh_with_sources(id);
    WHEN 'recheck' THEN
      IF target.broken_reason IS NOT NULL THEN
        PERFORM pgstream._ensure_guard(target.relid);
      END IF;
      PERFORM pgstream._recheck_unwatched(id);
      PERFORM pgstream._follow_names(id);
    WHEN 'look' THEN
      -- Nearly always it reads no other.
      PERFORM pgstream._recheck_group(CASE WHEN target.is_alone THEN ARRAY[id] ELSE ARRAY(
        SELECT m FROM unnest(pgstream._groups_needed(id, pgstream._news_of_graph())) AS g, unnest(g::bigint[]) AS m) END, clock_timestamp());
    WHEN 'query' THEN
      RETURN pgstream._query_of_now(id);
    WHEN 'drop' THEN
      PERFORM pgstream._drop_stream_table(id, (arguments ->> 'cascade')::boolean);
    WHEN 'properties' THEN
      PERFORM pgstream._alter_properties(id, arguments ->> 'schedule', arguments ->> 'cdc_mode',
        arguments ->> 'consistency_group');
    WHEN 'mode' THEN
      PERFORM pgstream._redefine_mode(id, arguments ->> 'mode');
    WHEN 'align' THEN
      PERFORM pgstream._align_defined(id);
    WHEN 'compare' THEN
      PERFORM pgstream._follow_copy(id);
    WHEN 'status' THEN
      PERFORM pgstream._set_status(id, arguments ->> 'status');
    WHEN 'pause' THEN
      RETURN pgstream._pause(id);
    WHEN 'unpause' THEN
      RETURN pgstream._unpause(id);
    WHEN 'repair' THEN
      PERFORM pgstream._repair_stream_table(id);
    WHEN 'subscribe' THEN
      PERFORM pgstream._refuse_gone(id);
      INSERT INTO pgstream.pgs_subscriptions (pgs_id, channel) VALUES (id, arguments ->> 'channel') ON CONFLICT DO NOTHING;
    WHEN 'unsubscribe' THEN
      DELETE FROM pgstream.pgs_subscriptions s WHERE s.pgs_id = id AND s.channel = arguments ->> 'channel' RETURNING 'done' INTO result;
      RETURN result;
  END CASE;
  RETURN NULL;
END
$$;
