-- Gives back what pgstream._take_slot has taken.
CREATE OR REPLACE FUNCTION pgstream._give_slot_back(slot integer) RETURNS void
LANGUAGE sql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET client_min_messages = error
AS $$
  SELECT pg_advisory_unlock('pgstream._scheduler'::regclass::oid::integer, slot),
    pg_advisory_unlock_shared('pgstream._beats'::regclass::oid::integer, pgstream._statement_mark(statement_timestamp()))
$$;
