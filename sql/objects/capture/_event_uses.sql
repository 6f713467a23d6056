-- What DDL on an object means to pgs_stream_tables.uses: the object itself; of a composite type, which DDL names by its
-- relation, the type; of an extension, its members; of a cast, the types.
CREATE OR REPLACE FUNCTION pgstream._event_uses(class oid, object oid) RETURNS text[]
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT ARRAY[format('%s/%s', class, object)]
    || ARRAY(SELECT format('%s/%s', 'pg_type'::regclass::oid, c.reltype) FROM pg_class c WHERE class = 'pg_class'::regclass AND c.oid = object)
    || ARRAY(SELECT format('%s/%s', 'pg_type'::regclass::oid, t) FROM pg_cast k CROSS JOIN unnest(ARRAY[k.castsource, k.casttarget]) AS t WHERE class = 'pg_cast'::regclass AND k.oid = object)
    || ARRAY(SELECT format('%s/%s', d.classid, d.objid) FROM pg_depend d
      WHERE class = 'pg_extension'::regclass AND d.refclassid = class AND d.refobjid = object AND d.deptype = 'e')
$$;
