// The pages of docs/operators: what the header of each operator's file says, and an index of them.

const FOLDER = 'src/compiler/algebra/operators'
const FIELDS = ['Shape', 'Keys', 'Class', 'Delta', 'State', 'Cost', 'Nulls', 'Refuses', 'Source']

/** Page by file name in docs/operators, from the text of every source file by its path. Throws when a header lacks something. */
export function operatorPages(code) {
  const operators = [...code]
    .filter(([file, text]) => file.startsWith(`${FOLDER}/`) && /\n {2}op: '/.test(text))
    .map(([file, text]) => ({ file, ...readHeader(file, text) }))
    .sort((a, b) => (a.name < b.name ? -1 : 1))
  const classes = classMeanings(code.get('src/compiler/algebra/operator.ts'))
  const pages = operators.map((operator) => [`${pageOf(operator)}`, page(operator, classes)])
  return new Map([['README.md', index(operators, classes)], ...pages])
}

const pageOf = ({ file }) => file.split('/').at(-1).replace(/ts$/, 'md')

function readHeader(file, text) {
  const comment = /\/\*\*\n([\s\S]*?)\n \*\//.exec(text)?.[1] ?? ''
  const lines = comment.split('\n').map((line) => line.replace(/^ \* ?/, ''))
  const starts = FIELDS.map((field) => lines.findIndex((line) => line.startsWith(`${field}: `)))
  FIELDS.forEach((field, i) => {
    if (starts[i] < 0) throw new Error(`${file}: the header has no "${field}: "`)
    if (starts[i] < (starts[i - 1] ?? 0))
      throw new Error(`${file}: "${field}" is out of order, which is ${FIELDS.join(', ')}`)
  })
  const fields = new Map(
    FIELDS.map((field, i) => [
      field,
      lines.slice(starts[i], starts[i + 1]).map((line, j) => (j === 0 ? line.slice(field.length + 2) : line)),
    ]),
  )
  const [, name, first] = /^([^:]+): (.*)$/.exec(lines[0]) ?? []
  if (!name) throw new Error(`${file}: the header does not begin with a name and what it is`)
  const operatorClass = /\n {2}class: '(\w+)'/.exec(text)?.[1]
  if (!fields.get('Class')[0].startsWith(operatorClass))
    throw new Error(`${file}: the header says class ${fields.get('Class')[0]}, the code ${operatorClass}`)
  const intro = [`${first[0].toUpperCase()}${first.slice(1)}`, ...lines.slice(1, starts[0])]
  return { name, intro, fields, operatorClass }
}

/** What each class is, from the comment on OperatorClass. */
function classMeanings(text) {
  return new Map([...text.matchAll(/^ \* - `(\w+)`: (.*)$/gm)].map(([, name, meaning]) => [name, meaning]))
}

const sentence = (text) => `${text[0].toUpperCase()}${text.slice(1)}`
const line = (lines) => lines.join(' ').replaceAll(/\s+/g, ' ').trim()

/** Indented lines are formulas. */
function prose(lines) {
  const out = []
  let isFormula = false
  for (const each of lines) {
    if (each.startsWith('  ') !== isFormula) {
      out.push(...(isFormula ? ['```', ''] : ['', '```text']))
      isFormula = !isFormula
    }
    out.push(isFormula ? each.slice(2) : each)
  }
  if (isFormula) out.push('```')
  return out.join('\n').trim()
}

function page({ file, name, intro, fields, operatorClass }, classes) {
  const field = (key) => line(fields.get(key))
  const rows = [
    ['result', field('Shape')],
    ['keys', field('Keys')],
    ['class', `${field('Class').replace(/\.$/, '')}: ${classes.get(operatorClass)}`],
    ['state', field('State')],
    ['cost of a change', field('Cost')],
    ['NULLs', field('Nulls')],
    ['refuses', field('Refuses')],
    ['source', field('Source').replace(/^–\.$/, 'none.')],
  ]
  return `# ${name}

${prose(intro)}

| | |
|---|---|
${rows.map(([key, value]) => `| ${key} | ${value.replaceAll('|', '\\|')} |`).join('\n')}

## Rule

${sentence(prose(fields.get('Delta')))}

Written from the header of [\`${file}\`](../../${file}) by \`npm run docs\`. Sources are listed in
[CITATIONS](../../CITATIONS.md); [all operators](README.md).
`
}

function index(operators, classes) {
  const rows = (list) =>
    list
      .map((operator) =>
        [
          `[${operator.name}](${pageOf(operator)})`,
          operator.operatorClass,
          line(operator.fields.get('State')),
          line(operator.fields.get('Cost')),
        ].map((cell) => cell.replaceAll('|', '\\|')),
      )
      .map((cells) => `| ${cells.join(' | ')} |`)
      .join('\n')
  const table = (list) => `| operator | class | state | cost of a change |\n|---|---|---|---|\n${rows(list)}`
  const isTerm = ({ operatorClass }) => operatorClass === 'term'
  return `# Operators

A query is a tree of these, as \`explain_st\` shows it under \`algebra\`; each has a rule by which its result changes when its
inputs do. Written from the headers of the files in \`${FOLDER}/\` by \`npm run docs\`. Which SQL
becomes which operator: [What is supported](../SUPPORT.md).

## In queries

${table(operators.filter((each) => !isTerm(each)))}

## In rules

${table(operators.filter(isTerm))}

## Classes

| class | |
|---|---|
${[...classes].map(([name, meaning]) => `| ${name} | ${meaning} |`).join('\n')}
`
}
