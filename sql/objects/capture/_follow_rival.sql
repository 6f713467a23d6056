-- A function or operator was made, or got the name that it has: what is written as text may mean it from now on, where a query used
-- another of that name (pgstream._rivals). The definition is read again, and its content computed by what it means then.
CREATE OR REPLACE FUNCTION pgstream._follow_rival(class oid, object oid) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  namesakes CONSTANT text[] := ARRAY(
    SELECT format('%s/%s', class, o.oid) FROM pg_proc p JOIN pg_proc o ON o.proname = p.proname AND o.pronamespace = p.pronamespace AND o.oid <> p.oid
    WHERE class = 'pg_proc'::regclass AND p.oid = object
    UNION ALL
    SELECT format('%s/%s', class, o.oid) FROM pg_operator p JOIN pg_operator o ON o.oprname = p.oprname AND o.oprnamespace = p.oprnamespace AND o.oid <> p.oid
    WHERE class = 'pg_operator'::regclass AND p.oid = object);
BEGIN
  IF namesakes <> '{}' THEN
    PERFORM pgstream._mark_stream_tables(
      ARRAY(
        SELECT DISTINCT s.pgs_id FROM pgstream.pgs_stream_tables s CROSS JOIN unnest(namesakes) AS n
        WHERE n = ANY (s.uses) AND pgstream._uses_state(ARRAY[n], '{}') -> n -> 1 IS DISTINCT FROM s.uses_state -> n -> 1),
      'redefine', (SELECT format('%s %s was made beside one of that name', i.type, i.identity) FROM pg_identify_object(class, object, 0) AS i));
  END IF;
END
$$;
