-- The logical replication slots of this database and the WAL that each keeps. pg_stream has none of its own (changes
-- are captured by triggers), but the subscribers of published stream tables have, and one that nobody reads fills the
-- disk.
CREATE OR REPLACE FUNCTION pgstream.slot_health()
RETURNS TABLE (slot_name text, source_relid oid, active boolean, retained_wal_bytes bigint, wal_status text)
LANGUAGE sql
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT s.slot_name::text, NULL::oid, s.active,
    pg_wal_lsn_diff(CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() ELSE pg_current_wal_lsn() END, s.restart_lsn)::bigint,
    s.wal_status
  FROM pg_replication_slots s
  WHERE s.slot_type = 'logical' AND s.database = current_database()
  ORDER BY 1
$$;
