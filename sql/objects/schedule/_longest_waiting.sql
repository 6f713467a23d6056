-- Of more groups that are due than one call takes, those that it takes, in the order in which they came: those that were refreshed
-- longest ago, or where changes never end the others would never have a turn; and all that had to be left waiting, who have
-- their pauses and come last.
CREATE OR REPLACE FUNCTION pgstream._longest_waiting(found pgstream.due_group[], most integer) RETURNS pgstream.due_group[]
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT coalesce(array_agg(ROW(o.group_id, o.members, o.versions, o.below, o.was_left)::pgstream.due_group ORDER BY o.place), '{}')
  FROM (
    SELECT d.*, row_number() OVER (PARTITION BY d.was_left ORDER BY r.at NULLS FIRST, d.place) AS turn
    FROM unnest(found) WITH ORDINALITY AS d(group_id, members, versions, below, was_left, place)
    -- Who has failed was at it, too.
    CROSS JOIN LATERAL (SELECT max(greatest(f.checked_at, f.last_refresh_at)) AS at FROM pgstream.frontiers f WHERE f.pgs_id = ANY (d.members)) AS r) AS o
  WHERE o.was_left OR o.turn <= most
$$;
