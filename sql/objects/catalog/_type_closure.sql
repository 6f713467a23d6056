-- The given types and every type that is needed to understand them: elements, arrays, domain bases, attributes of
-- composites, subtypes of ranges, ranges of multiranges.
CREATE OR REPLACE FUNCTION pgstream._type_closure(types oid[]) RETURNS oid[]
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
-- Planning this query anew for each array of oids costs more than running it.
SET plan_cache_mode = force_generic_plan
SET enable_seqscan = off
AS $$
BEGIN
  RETURN (
  WITH RECURSIVE closure(oid) AS (
    SELECT DISTINCT oid FROM unnest(types) AS oid
    UNION
    SELECT part.oid
    FROM closure
    JOIN pg_type t ON t.oid = closure.oid
    CROSS JOIN LATERAL (
      SELECT t.typelem WHERE t.typsubscript = 'array_subscript_handler'::regproc
      UNION ALL SELECT t.typarray
      UNION ALL SELECT t.typbasetype
      UNION ALL SELECT r.rngsubtype FROM pg_range r WHERE r.rngtypid = t.oid
      UNION ALL SELECT r.rngtypid FROM pg_range r WHERE t.typtype = 'm' AND r.rngmultitypid = t.oid
      UNION ALL SELECT a.atttypid FROM pg_attribute a
        WHERE t.typtype = 'c' AND a.attrelid = t.typrelid AND a.attnum > 0 AND NOT a.attisdropped
    ) AS part(oid)
    WHERE part.oid <> 0
  )
  SELECT array_agg(oid) FROM closure);
END
$$;
