-- What the catalogs say of each relation, as the transactions that wrote it.
CREATE OR REPLACE VIEW pgstream._catalog_rows AS
  SELECT c.oid AS object, c.xmin AS version FROM pg_catalog.pg_class c
  UNION ALL SELECT a.attrelid, a.xmin FROM pg_catalog.pg_attribute a WHERE a.attnum OPERATOR(pg_catalog.>) 0
  UNION ALL SELECT t.tgrelid, t.xmin FROM pg_catalog.pg_trigger t
  UNION ALL SELECT i.indrelid, i.xmin FROM pg_catalog.pg_index i
  UNION ALL SELECT h.inhparent, h.xmin FROM pg_catalog.pg_inherits h
  UNION ALL SELECT w.ev_class, w.xmin FROM pg_catalog.pg_rewrite w;
