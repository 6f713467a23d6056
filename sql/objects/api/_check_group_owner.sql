-- Who is in a consistency group may hold it up, and shows its members when it moves: a stream table joins only a group whose
-- stream tables are its owner's, or of roles that its owner has the rights of.
CREATE OR REPLACE FUNCTION pgstream._check_group_owner(id bigint, group_name text, owner name) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  member record;
BEGIN
  SELECT pg_get_userbyid(c.relowner) AS owner INTO member
  FROM pgstream.pgs_stream_tables s JOIN pg_class c ON c.oid = s.pgs_relid
  WHERE s.consistency_group = group_name AND s.pgs_id IS DISTINCT FROM id AND NOT pg_has_role(owner, c.relowner, 'USAGE')
  ORDER BY s.pgs_id LIMIT 1;
  IF FOUND THEN
    RAISE EXCEPTION 'permission denied for consistency group "%"', group_name
      USING ERRCODE = 'insufficient_privilege', DETAIL = format('Role %I has stream tables in it.', member.owner),
        HINT = format('Choose another name for the group, or GRANT %I TO %I.', member.owner, owner);
  END IF;
END
$$;
