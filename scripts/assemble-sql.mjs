import { existsSync, readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'

/**
 * The installable scripts out of sql/: `install` is `tables/` in the order of their numbers, made once, then
 * `objects/`; `replace` is the objects alone, which every upgrade replaces. Both run in one transaction of the caller.
 *
 * Objects are functions and views, one per file. Function bodies are not checked while they are made, so their order
 * matters only for signatures and for views. The rule: functions, then views, then what acts on them (triggers, event
 * triggers); within each by path; and a header line `-- requires: subject/object, …` moves the named files in front.
 */
export function assembleSql(folder) {
  const tables = list(path.join(folder, 'tables'))
  const objects = ordered(list(path.join(folder, 'objects')))
  const script = (parts, ...more) => {
    const texts = parts.map(({ name, text }) => `-- ${name}\n${text.trim()}\n`)
    return ['SET LOCAL check_function_bodies = off;\n', ...texts, ...more, comments(objects)].join('\n')
  }
  return { install: script([...tables, ...objects]), replace: script(objects, DROP_NAMESAKES) }
}

/** What an earlier version had under the same name, with other arguments: a call might mean either. */
const DROP_NAMESAKES = `DO $$
DECLARE
  old text;
BEGIN
  FOR old IN
    SELECT DISTINCT o.oid::pg_catalog.regprocedure::text
    FROM pg_catalog.pg_proc AS o JOIN pg_catalog.pg_proc AS n USING (pronamespace, proname)
    WHERE o.pronamespace = 'pgstream'::pg_catalog.regnamespace
      AND o.xmin <> pg_catalog.pg_current_xact_id()::xid AND n.xmin = pg_catalog.pg_current_xact_id()::xid
  LOOP
    EXECUTE 'DROP ROUTINE ' || old;
  END LOOP;
END
$$;
`

function comments(objects) {
  const lines = objects.flatMap(({ key, text }) => {
    const [, , kind, name] =
      /^CREATE (OR REPLACE )?(FUNCTION|PROCEDURE|VIEW) pgstream\.([a-z]\w*)/m.exec(text) ?? []
    if (name === undefined) return []
    const header = text.slice(0, text.search(/^(?!--)/m)).replace(/^-- requires:.*\n/gm, '')
    const paragraph = header
      .split(/^--[ \t]*\n/m)[0]
      .replace(/^-- ?/gm, '')
      .replace(/\s+/g, ' ')
      .trim()
    if (paragraph === '') throw new Error(`sql/objects/${key}.sql has no header`)
    return [`COMMENT ON ${kind} pgstream.${name} IS '${paragraph.replaceAll("'", "''")}';`]
  })
  return `${lines.join('\n')}\n`
}

function list(folder) {
  if (!existsSync(folder)) return []
  return readdirSync(folder, { recursive: true })
    .filter((file) => file.endsWith('.sql'))
    .map((file) => file.split(path.sep).join('/'))
    .sort()
    .map((file) => ({
      name: `${path.basename(folder)}/${file}`,
      key: file.replace(/\.sql$/, ''),
      text: readFileSync(path.join(folder, file), 'utf8'),
    }))
}

function rank({ text }) {
  if (/^CREATE (OR REPLACE )?(FUNCTION|PROCEDURE|AGGREGATE|TYPE)/im.test(text)) return 0
  return /^CREATE (OR REPLACE )?VIEW/im.test(text) ? 1 : 2
}

function ordered(objects) {
  const byKey = new Map(objects.map((object) => [object.key, object]))
  const done = new Set()
  const result = []
  const visit = (object, path) => {
    if (done.has(object)) return
    if (path.includes(object))
      throw new Error(`sql/objects: ${[...path, object].map((o) => o.key).join(' requires ')}`)
    for (const [, names] of object.text.matchAll(/^-- requires:(.*)$/gm)) {
      for (const name of names.split(/[\s,]+/).filter(Boolean)) {
        const required = byKey.get(name)
        if (!required) throw new Error(`sql/objects/${object.key}.sql requires ${name}, which does not exist`)
        visit(required, [...path, object])
      }
    }
    done.add(object)
    result.push(object)
  }
  const sorted = [...objects].sort((a, b) => rank(a) - rank(b) || (a.key < b.key ? -1 : 1))
  for (const object of sorted) visit(object, [])
  return result
}
