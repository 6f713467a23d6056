-- What a constant of a type such as regclass or regconfig is called, qualified; NULL when it is gone.
CREATE OR REPLACE FUNCTION pgstream._registered_name(type oid, object oid) RETURNS text
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
SET quote_all_identifiers = off
AS $$
  SELECT nullif(CASE type
    WHEN 'regproc'::regtype THEN object::regproc::text
    WHEN 'regprocedure'::regtype THEN object::regprocedure::text
    WHEN 'regoper'::regtype THEN object::regoper::text
    WHEN 'regoperator'::regtype THEN object::regoperator::text
    WHEN 'regclass'::regtype THEN object::regclass::text
    WHEN 'regtype'::regtype THEN object::regtype::text
    WHEN 'regconfig'::regtype THEN object::regconfig::text
    WHEN 'regdictionary'::regtype THEN object::regdictionary::text
    WHEN 'regnamespace'::regtype THEN object::regnamespace::text
    WHEN 'regrole'::regtype THEN object::regrole::text
    WHEN 'regcollation'::regtype THEN object::regcollation::text END, object::text)
$$;
