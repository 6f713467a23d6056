import { quoteIdentifier, quoteLiteral } from './quote.ts'

/**
 * What holds any character, as `ruleutils.c` prints it where `standard_conforming_strings` is on (no escapes, no comments), or
 * as `quoteLiteral` does.
 */
const QUOTED = /(?<![\w$])E'(?:[^'\\]|\\.|'')*'|'((?:[^']|'')*)'|"((?:[^"]|"")*)"/g

/**
 * A query as PostgreSQL prints it, so that it may be indented and read under any `standard_conforming_strings`: no literal
 * and no name in it holds a line break, and no backslash stands for itself.
 */
export function settledText(printed: string): string {
  return printed.replace(QUOTED, (quoted, literal?: string, name?: string) => {
    if (!/[\\\n\r]/.test(quoted)) return quoted
    if (literal !== undefined) return quoteLiteral(literal.replaceAll("''", "'"))
    return name !== undefined && /[\n\r]/.test(name) ? quoteIdentifier(name.replaceAll('""', '"')) : quoted
  })
}
