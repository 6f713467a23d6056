-- Refreshes by a person's wish a stream table that reads no other and is in no group. Who had to wait may have waited for a
-- definition that has put it into one: then it is done again, together with the others.
CREATE OR REPLACE FUNCTION pgstream._refresh_alone(id bigint) RETURNS text
LANGUAGE plpgsql
AS $$
DECLARE
  action text;
BEGIN
  action := pgstream._refresh_or_recompute(id, 'MANUAL');
  -- Asked with its frontier in our hands: who brings it into a group takes that first.
  IF action = 'NO_DATA' OR NOT EXISTS (SELECT FROM pgstream.graph_changes)
    AND (SELECT g.is_alone FROM pgstream.graph g WHERE g.pgs_id = id) THEN
    RETURN action;
  END IF;
  RAISE EXCEPTION USING ERRCODE = 'PGS02', MESSAGE = 'other stream tables are refreshed together by now';
EXCEPTION WHEN SQLSTATE 'PGS02' THEN
  RETURN pgstream._refresh_with_sources(id);
END
$$;
