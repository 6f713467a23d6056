-- A refresh runs with the rights of the stream table's owner and reads tables directly, those below views included: the
-- owner must be allowed to SELECT what is used of each. One that is recomputed reads through its views, as the query that was
-- just opened with the caller's rights (pgstream._make_view).
CREATE OR REPLACE FUNCTION pgstream._check_select_rights(owner name, request jsonb, plan jsonb) RETURNS void
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  relation record;
  wanted smallint[];
BEGIN
  IF plan ->> 'strategy' = 'FULL' THEN
    RETURN;
  END IF;
  FOR relation IN
    SELECT r.key::oid AS oid, r.value ->> 'name' AS name, r.value ->> 'kind' AS kind FROM jsonb_each(request -> 'relations') AS r
  LOOP
    SELECT ARRAY(SELECT c::smallint FROM jsonb_array_elements_text(s -> 'columns') AS c) INTO wanted
    FROM jsonb_array_elements(plan -> 'sources') AS s WHERE (s ->> 'relation')::oid = relation.oid;
    CONTINUE WHEN has_table_privilege(owner, relation.oid, 'SELECT');
    IF 0 >= ALL (wanted) OR wanted IS NULL OR relation.kind = 'v' THEN
      CONTINUE WHEN has_any_column_privilege(owner, relation.oid, 'SELECT');
    ELSE
      CONTINUE WHEN (SELECT bool_and(has_column_privilege(owner, relation.oid, c, 'SELECT')) FROM unnest(wanted) AS c WHERE c > 0);
    END IF;
    RAISE EXCEPTION 'permission denied for table %', relation.name
      USING ERRCODE = 'insufficient_privilege',
        DETAIL = format('Role "%s" will own the stream table; a refresh reads "%s" with its rights.', owner, relation.name),
        HINT = format('GRANT SELECT ON %s TO %I.', pgstream._qualified_name(relation.oid), owner);
  END LOOP;
END
$$;
