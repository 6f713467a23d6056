-- One pass: refreshes what is due until nothing is that it has not been at yet, and commits after each. Says how many groups it
-- has refreshed: what others are at is due as well. `work`: what the wait has just found due; `most`: so many, those that wait longest,
-- and the rest is left to the next call.
CREATE OR REPLACE PROCEDURE pgstream._refresh_all_due(
  INOUT canceled boolean, INOUT refreshed integer, work pgstream.due_group[] DEFAULT NULL, most integer DEFAULT NULL
)
LANGUAGE plpgsql
AS $$
DECLARE
  seen pg_catalog.int8[] := '{}';
  -- Those that were found to be of another group than the graph had said: once more, and not for ever.
  regrouped pg_catalog.int8[] := '{}';
  left_to_take pgstream.due_group[] := work;
  found pgstream.due_group[];
  -- Arrays as text: they differ in length.
  groups pg_catalog.int8[];
  members pg_catalog.text[];
  versions pg_catalog.text[];
  below pg_catalog.timestamptz[];
  done pg_catalog.text;
  slot integer;
  quarter integer;
  -- How many were not left waiting before; they come first.
  fresh integer;
  place integer;
BEGIN
  refreshed := 0;
  IF NOT pgstream._scheduler_enabled() THEN
    RETURN;
  END IF;
  slot := pgstream._take_slot();
  CALL pgstream._commit();
  IF slot IS NULL THEN
    RETURN;
  END IF;
  quarter := (ARRAY[0, 2, 1, 3])[1 OPERATOR(pg_catalog.+) pg_catalog.mod(slot OPERATOR(pg_catalog.-) 1, 4)];
  LOOP
    PERFORM pgstream._beat();
    IF pg_catalog.cardinality(left_to_take) OPERATOR(pg_catalog.>) 0 THEN
      -- What has moved since is told by its version.
      found := left_to_take;
      left_to_take := NULL;
    ELSE
      PERFORM pgstream._follow_graph();
      PERFORM pgstream._retry_unhindered();
      -- What is refreshed may be the source of what is due next.
      found := ARRAY(SELECT ROW(d.group_id, d.members, d.versions, d.below, d.was_left)::pgstream.due_group
        FROM pgstream._due() AS d WHERE d.group_id OPERATOR(pg_catalog.<>) ALL (seen));
    END IF;
    IF pg_catalog.cardinality(found) OPERATOR(pg_catalog.>) most THEN
      found := pgstream._longest_waiting(found, most);
    END IF;
    SELECT pg_catalog.array_agg(d.group_id), pg_catalog.array_agg(d.members::pg_catalog.text), pg_catalog.array_agg(d.versions::pg_catalog.text),
      pg_catalog.array_agg(d.below), pg_catalog.count(*) FILTER (WHERE NOT d.was_left)
    INTO groups, members, versions, below, fresh FROM pg_catalog.unnest(found) AS d;
    IF groups IS NOT NULL THEN
      PERFORM pgstream._note_due(members);
    END IF;
    CALL pgstream._commit();
    EXIT WHEN groups IS NULL;
    seen := seen OPERATOR(pg_catalog.||) groups;
    FOR i IN 1..pg_catalog.cardinality(groups) LOOP
      -- Those that come last are tried in each call.
      CONTINUE WHEN refreshed OPERATOR(pg_catalog.>=) most AND i OPERATOR(pg_catalog.<=) fresh;
      -- Callers at the same time begin at different places, as far from each other as they are few, or all would ask for the same.
      place := CASE WHEN i OPERATOR(pg_catalog.>) fresh THEN i ELSE 1 OPERATOR(pg_catalog.+) pg_catalog.mod(
        (i OPERATOR(pg_catalog.-) 1) OPERATOR(pg_catalog.+) ((fresh OPERATOR(pg_catalog.*) quarter) OPERATOR(pg_catalog./) 4), fresh) END;
      CALL pgstream._refresh_one_due(groups[place], members[place]::pg_catalog.int8[], versions[place]::pg_catalog.xid[], below[place], done);
      -- Others belong to it by now, says a graph that is not looked at twice.
      IF done OPERATOR(pg_catalog.=) 'REGROUPED' THEN
        PERFORM pgstream._follow_graph();
        CALL pgstream._commit();
        IF groups[place] OPERATOR(pg_catalog.<>) ALL (regrouped) THEN
          regrouped := regrouped OPERATOR(pg_catalog.||) groups[place];
          seen := pg_catalog.array_remove(seen, groups[place]);
        END IF;
      ELSIF done IS NOT NULL THEN
        refreshed := refreshed OPERATOR(pg_catalog.+) 1;
        PERFORM pgstream._beat();
      END IF;
      IF done OPERATOR(pg_catalog.=) 'CANCELED' THEN
        canceled := true;
        EXIT;
      END IF;
    END LOOP;
    EXIT WHEN canceled OR refreshed OPERATOR(pg_catalog.>=) most;
  END LOOP;
  PERFORM pgstream._give_slot_back(slot);
  CALL pgstream._commit();
END
$$;
