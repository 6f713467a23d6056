/** Which constructs a query has, by its text: a hunt counts how often each was maintained. */
const CONSTRUCTS: Readonly<Record<string, RegExp>> = {
  'left join': /LEFT JOIN/,
  'right join': /RIGHT JOIN/,
  'full join': /FULL JOIN/,
  using: / USING \(/,
  natural: / NATURAL /,
  'join in parentheses': /(?:FROM|JOIN) \(+(?!SELECT|VALUES|WITH|\()/,
  only: /(?:FROM|JOIN|,) ONLY /,
  union: /\nUNION\n/,
  'union all': /UNION ALL/,
  except: /EXCEPT/,
  intersect: /INTERSECT/,
  'group by': /GROUP BY/,
  having: /HAVING/,
  'grouping sets': /GROUPING SETS|ROLLUP|CUBE/,
  distinct: /SELECT DISTINCT (?!ON)/,
  'distinct on': /DISTINCT ON/,
  'distinct inside': /\(DISTINCT /,
  filter: /FILTER/,
  'ordered aggregate': /(?:agg|_disc|_cont|mode)\([^)]*\).*ORDER BY/,
  window: / OVER \(/,
  'range of values': /RANGE BETWEEN .*\d.* (?:PRECEDING|FOLLOWING)/,
  'limit with ties': /WITH TIES/,
  'limit and offset': /LIMIT \d+ OFFSET/,
  exists: /EXISTS \(/,
  in: / IN \(SELECT/,
  'any, all': / (?:ANY|ALL) \(SELECT/,
  'scalar subquery': /[^A-Z]\(SELECT (?!FROM)/,
  array: /ARRAY\(SELECT/,
  values: /VALUES/,
  with: /WITH w/,
  'with recursive': /WITH RECURSIVE/,
  lateral: /LATERAL \(/,
  'function in from': /(?:JOIN|FROM) (?:ROWS FROM |[a-z_]+)\(/,
  ordinality: /WITH ORDINALITY/,
  'rows from': /ROWS FROM/,
  json_table: /JSON_TABLE\(/,
  xmltable: /XMLTABLE\(/,
  'function of sets': /(?:unnest|generate_series|to_table|jsonb_\w+)\(/,
  time: /now\(\)/,
}

export function constructsOf(query: string): readonly string[] {
  return Object.keys(CONSTRUCTS).filter((name) => CONSTRUCTS[name]?.test(query))
}

export const constructs: readonly string[] = Object.keys(CONSTRUCTS)
