-- Are the partitions and children of a source those that its capture functions know? For the planner, as pgstream._row_state: a
-- capture function pays when it is planned, and is planned anew after whatever DDL on one of `parents`.
--
-- NULL where that cannot be said, and pgstream._seen_carried is asked per statement: in a transaction that sees the catalogs as
-- they were, of which the plan would be kept for those that follow. Where DDL is watched these functions are written anew with it.
CREATE OR REPLACE FUNCTION pgstream._planned_carriers(source oid, parents regclass[], known text) RETURNS boolean
LANGUAGE plpgsql IMMUTABLE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  IF current_setting('transaction_isolation') NOT IN ('repeatable read', 'serializable') THEN
    RETURN pgstream._current_carriers(source) = known;
  ELSIF pgstream._ddl_is_watched() THEN
    RETURN true;
  END IF;
  RETURN NULL;
END
$$;
