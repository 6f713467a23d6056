-- explain_dag for Mermaid. In a quoted label only what would end it, begin an entity or be markup
-- needs to be an entity, written with # in place of &.
CREATE OR REPLACE FUNCTION pgstream._dag_as_mermaid() RETURNS text
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  WITH nodes AS MATERIALIZED (SELECT * FROM pgstream._dag_nodes)
  SELECT concat_ws(E'\n', 'flowchart LR',
    (SELECT string_agg(format(CASE n.state WHEN 'source' THEN '  n%s[("%s")]:::%s' ELSE '  n%s["%s"]:::%s' END,
        n.number, (
          SELECT string_agg(CASE WHEN c ~ E'[#"<>&`\\\\\\x01-\\x1f]' THEN format('#%s;', ascii(c)) ELSE c END, '' ORDER BY i)
          FROM regexp_split_to_table(n.label, '') WITH ORDINALITY AS u(c, i)) || coalesce('<br/>' || n.note, ''), n.state),
      E'\n' ORDER BY n.number)
     FROM nodes n),
    (SELECT string_agg(format('  n%s --> n%s', source.number, reader.number), E'\n' ORDER BY source.number, reader.number)
     FROM pgstream.pgs_dependencies d
     JOIN pgstream.pgs_stream_tables s USING (pgs_id)
     JOIN nodes source ON source.relid = d.source_relid
     JOIN nodes reader ON reader.relid = s.pgs_relid),
    '  classDef source fill:#eceff1,stroke:#607d8b,color:#263238',
    '  classDef fresh fill:#e0f2e9,stroke:#2e7d32,color:#1b5e20',
    '  classDef stale fill:#fff3d6,stroke:#b26a00,color:#7a4300',
    '  classDef failing fill:#fde0dd,stroke:#c62828,color:#8e1b1b',
    '  classDef suspended fill:#e8e3f3,stroke:#5e35b1,color:#4527a0',
    '  classDef initializing fill:#e1f0fa,stroke:#0277bd,color:#01579b') || E'\n'
$$;
