/** The names that PL/pgSQL has for SQLSTATEs (errcodes.txt), as far as they occur. */
const SQLSTATES = {
  datatype_mismatch: '42804',
  dependent_objects_still_exist: '2BP01',
  duplicate_column: '42701',
  duplicate_table: '42P07',
  feature_not_supported: '0A000',
  insufficient_privilege: '42501',
  invalid_column_definition: '42611',
  invalid_name: '42602',
  invalid_object_definition: '42P17',
  invalid_parameter_value: '22023',
  invalid_schema_name: '3F000',
  invalid_table_definition: '42P16',
  active_sql_transaction: '25001',
  invalid_transaction_state: '25000',
  lock_not_available: '55P03',
  name_too_long: '42622',
  null_value_not_allowed: '22004',
  object_not_in_prerequisite_state: '55000',
  program_limit_exceeded: '54000',
  read_only_sql_transaction: '25006',
  serialization_failure: '40001',
  syntax_error: '42601',
  undefined_column: '42703',
  undefined_object: '42704',
  undefined_table: '42P01',
  wrong_object_type: '42809',
}

/** Every error that the SQL of pg_stream and its compiler raise: SQLSTATE, message, hint. `code` is text by file. */
export function errorTable(code) {
  const errors = [...code].flatMap(([file, text]) =>
    file.endsWith('.sql') ? raised(file, text) : refused(file, text),
  )
  const rows = [
    ...new Set(errors.map(({ state, message, hint }) => `| ${state} | ${cell(message)} | ${cell(hint)} |`)),
  ]
  return `| SQLSTATE | message | hint |\n|---|---|---|\n${rows.sort().join('\n')}\n`
}

const cell = (text) => text.replaceAll('|', '\\|')

/** RAISE EXCEPTION 'message', … USING ERRCODE = 'name', HINT = 'text' or format('text', …). */
function raised(file, text) {
  return [...text.matchAll(/RAISE EXCEPTION\s+'((?:[^']|'')*)'([\s\S]*?);\s*$/gm)].map(
    ([, message, rest]) => {
      const name = /ERRCODE = '(\w+)'/.exec(rest)?.[1]
      const state = /^[0-9A-Z]{5}$/.test(name ?? '') ? name : SQLSTATES[name]
      if (!state) throw new Error(`${file}: no SQLSTATE for ${name} of "${message}"`)
      const hint = /HINT = (?:pg_catalog\.)?(?:format\()?'((?:[^']|'')*)'/.exec(rest)?.[1] ?? ''
      return { state, message: plain(message, /%/g), hint: plain(hint, /%[ILs]/g) }
    },
  )
}

const plain = (text, holes) => text.replaceAll("''", "'").replace(holes, '…')

/** What the compiler says of the user's query: `refusal(…)` and `new CompileError('user', …)`, and the form of `unsupported(…)`. */
function refused(file, text) {
  if (!file.startsWith('src/compiler/')) return []
  const word = String.raw`\s*(['\x60])((?:(?!\N).)*?)\N`
  const quoted = (n) => word.replaceAll('N', String(n))
  const strings = new RegExp(
    String.raw`refusal\(\s*SQLSTATE\.(\w+),\s*(?:'[^']*'|\w+),${quoted(2)},${quoted(4)}`,
    'gs',
  )
  return [...text.matchAll(strings)].map(([, state, , message, , hint]) => ({
    state: STATES_OF_THE_COMPILER[state] ?? state,
    message: message.replace(/\$\{.*?\}/g, '…'),
    hint: hint.replace(/\$\{.*?\}/g, '…'),
  }))
}

const STATES_OF_THE_COMPILER = { featureNotSupported: '0A000', invalidTableDefinition: '42P16' }
