-- A view's analysed query (pg_rewrite.ev_action). Up to PostgreSQL 15 its range table begins with OLD and NEW, which name
-- the view itself; nothing reads them, and without an oid nobody takes them for sources.
CREATE OR REPLACE FUNCTION pgstream._rule_tree(view oid) RETURNS text
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT replace(r.ev_action::text, format(':relid %s ', view), ':relid 0 ')
  FROM pg_rewrite r JOIN pg_class c ON c.oid = r.ev_class
  WHERE r.ev_class = view AND r.rulename = '_RETURN' AND c.relkind = 'v'
$$;
