/** What a stream table does about DDL on its source: see alter-forms.test.ts. */
export type Reaction = 'nothing' | 'replan' | 'reinit' | 'error'

export interface Form {
  readonly ddl: string
  /** Of one that is maintained incrementally, and of one that is recomputed. */
  readonly incremental: Reaction
  readonly recomputed: Reaction
  /** Of the message, where the reaction is an error. */
  readonly names?: string
}

const form = (
  incremental: Reaction,
  recomputed: Reaction,
  names: string | undefined,
  ddl: readonly string[],
): Form[] =>
  ddl.map((each) => ({ ddl: each, incremental, recomputed, ...(names === undefined ? {} : { names }) }))

/** On src.t: the forms of ALTER TABLE in the order of PostgreSQL's documentation, then everything else. */
export const FORMS: readonly Form[] = [
  ...form('nothing', 'nothing', undefined, [
    'ALTER TABLE t ADD COLUMN x int',
    'ALTER TABLE t ADD COLUMN x int DEFAULT 5 NOT NULL',
    'ALTER TABLE t ADD COLUMN x timestamptz DEFAULT clock_timestamp()',
    'ALTER TABLE t DROP COLUMN note',
    'ALTER TABLE t RENAME COLUMN note TO remark',
    'ALTER TABLE t ALTER note TYPE varchar(100) USING upper(note)',
    'ALTER TABLE t ALTER n SET DEFAULT 7',
    'ALTER TABLE t ALTER dd DROP DEFAULT',
    'ALTER TABLE t ALTER a SET NOT NULL',
    'ALTER TABLE t ALTER g DROP EXPRESSION',
    'ALTER TABLE t ALTER i SET GENERATED ALWAYS',
    'ALTER TABLE t ALTER i SET INCREMENT BY 5 RESTART WITH 100',
    'ALTER TABLE t ALTER n SET STATISTICS 50',
    'ALTER TABLE t ALTER n SET (n_distinct = 5); ALTER TABLE t ALTER n RESET (n_distinct)',
    'ALTER TABLE t ALTER a SET STORAGE EXTERNAL',
    'ALTER TABLE t ALTER a SET COMPRESSION pglz',
    'ALTER TABLE t ADD CHECK (n > -1000); ALTER TABLE t ADD CONSTRAINT c CHECK (n > -1000) NOT VALID',
    'ALTER TABLE t VALIDATE CONSTRAINT notvalid',
    'ALTER TABLE t ADD CONSTRAINT u UNIQUE USING INDEX t_n_unique',
    'ALTER TABLE t ADD FOREIGN KEY (k) REFERENCES other NOT VALID',
    'ALTER TABLE t ALTER CONSTRAINT t_fk DEFERRABLE',
    'ALTER TABLE t RENAME CONSTRAINT notvalid TO other_name; ALTER TABLE t DROP CONSTRAINT other_name',
    'ALTER TABLE t DROP CONSTRAINT t_fk',
    'ALTER TABLE t DISABLE TRIGGER mine; ALTER TABLE t ENABLE REPLICA TRIGGER mine; ALTER TABLE t ENABLE ALWAYS TRIGGER mine',
    'ALTER TABLE t DISABLE RULE r; ALTER TABLE t ENABLE RULE r; DROP RULE r ON t',
    'ALTER TABLE t FORCE ROW LEVEL SECURITY; CREATE POLICY p ON t USING (true)',
    'ALTER TABLE t CLUSTER ON t_pkey; ALTER TABLE t SET WITHOUT CLUSTER',
    'ALTER TABLE t SET ACCESS METHOD heap',
    'ALTER TABLE t SET TABLESPACE pg_default',
    'ALTER TABLE t SET LOGGED',
    'ALTER TABLE t SET (fillfactor = 50); ALTER TABLE t RESET (fillfactor)',
    'ALTER TABLE t INHERIT parent; ALTER TABLE t NO INHERIT parent',
    'ALTER TABLE t OWNER TO pg_monitor; ALTER TABLE t OWNER TO CURRENT_USER',
    'ALTER TABLE t REPLICA IDENTITY FULL',
    'ALTER INDEX t_n_unique RENAME TO another',
    'REINDEX TABLE t',
    'CLUSTER t USING t_pkey',
    'VACUUM FULL t',
    'COMMENT ON TABLE t IS $$x$$',
    'GRANT SELECT ON t TO PUBLIC; REVOKE SELECT ON t FROM PUBLIC',
    'CREATE TRIGGER mine2 BEFORE UPDATE ON t FOR EACH ROW EXECUTE FUNCTION trg(); DROP TRIGGER mine2 ON t',
    'CREATE STATISTICS counted ON a, n FROM t',
  ]),
  ...form('replan', 'replan', undefined, [
    'ALTER TABLE t RENAME COLUMN n TO amount',
    'ALTER TABLE t RENAME COLUMN n TO x; ALTER TABLE t RENAME COLUMN k TO n; ALTER TABLE t RENAME COLUMN x TO k',
    'ALTER TABLE t RENAME TO t9',
    'ALTER TABLE t SET SCHEMA elsewhere',
    'CREATE INDEX ON t (n)',
    'ALTER TABLE t ADD UNIQUE (n, id)',
  ]),
  ...form('reinit', 'replan', undefined, [
    'ALTER TABLE t ALTER n DROP NOT NULL',
    'ALTER TABLE t DROP CONSTRAINT t_pkey',
    'ALTER TABLE t DISABLE TRIGGER ALL',
    'ALTER TABLE t DISABLE TRIGGER USER',
    'DROP INDEX t_n_unique',
    'ALTER TABLE t ALTER n TYPE numeric USING n + 1',
    // In one transaction the row of the catalog has one xmin.
    'BEGIN; ALTER TABLE t ALTER n SET STATISTICS 50; ALTER TABLE t ALTER n TYPE numeric USING n + 1; COMMIT',
  ]),
  ...form('reinit', 'nothing', undefined, ['ALTER TABLE t ALTER g SET EXPRESSION AS (id * 3)']),
  ...form('reinit', 'reinit', undefined, [
    'ALTER TYPE mood RENAME VALUE $$sad$$ TO $$blue$$',
    'ALTER TYPE mood RENAME TO mood2',
    'ALTER TYPE mood SET SCHEMA elsewhere',
    'ALTER DOMAIN dom ADD CHECK (VALUE < 100000)',
    'ALTER DOMAIN dom RENAME TO dom2',
  ]),
  ...form('error', 'nothing', 'unlogged', ['ALTER TABLE t SET UNLOGGED']),
  ...form('error', 'error', 'column n of source table src.t was dropped', [
    'ALTER TABLE t DROP COLUMN n',
    'ALTER TABLE t ADD COLUMN n2 numeric; ALTER TABLE t DROP COLUMN n; ALTER TABLE t RENAME n2 TO n',
  ]),
  ...form('reinit', 'reinit', 'type of column n of source table src.t was changed', [
    'ALTER TABLE t ALTER n TYPE numeric(20,3)',
    'ALTER TABLE t ALTER n TYPE float8',
  ]),
  ...form('reinit', 'reinit', 'type of column v of source table src.t was changed', [
    'ALTER TABLE t ALTER v TYPE varchar(20)',
  ]),
  ...form('reinit', 'reinit', 'type of column a of source table src.t was changed', [
    'ALTER TABLE t ALTER a TYPE text COLLATE "C"',
  ]),
  ...form('error', 'error', 'src.t was dropped', [
    'DROP TABLE t',
    'DROP TABLE t; CREATE TABLE t (id int PRIMARY KEY, a text, n numeric)',
  ]),
  ...form('error', 'error', undefined, [
    'DROP TYPE mood CASCADE',
    'DROP DOMAIN dom CASCADE',
    'DROP SCHEMA src CASCADE',
  ]),
]
