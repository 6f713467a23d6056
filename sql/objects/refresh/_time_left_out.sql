-- The oldest moment that is shown by members of a group that were left out of its refresh, suspended or broken ones, and by what is
-- below the others: these have read them as they were. NULL when none was left out. Asked with the group in hand, so that none of
-- them has moved since.
CREATE OR REPLACE FUNCTION pgstream._time_left_out(members bigint[], actions text[]) RETURNS timestamptz
LANGUAGE sql
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT CASE WHEN 'SKIP' = ANY (actions) THEN
    pgstream._time_below(ARRAY(SELECT u.id FROM unnest(members, actions) AS u(id, action) WHERE u.action <> 'SKIP')) END
$$;
