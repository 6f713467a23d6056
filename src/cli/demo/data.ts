import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'
import { StartError } from '../../hosts/embedded/start-error.ts'

export interface Airport {
  readonly iata: string
  readonly name: string
  readonly city: string
  readonly state: string
}

export interface Flight {
  /** Local time of departure, as PostgreSQL reads it. */
  readonly departed: string
  /** Minutes; negative when early. */
  readonly delay: number
  /** Miles. */
  readonly distance: number
  readonly origin: string
  readonly destination: string
}

/** 3,376 US airports and 20,000 flights of early 2001 in order of departure: the npm package vega-datasets. */
export function readFlights(): { airports: readonly Airport[]; flights: readonly Flight[] } {
  const [, ...lines] = read('airports.csv').trim().split(/\r?\n/)
  const airports = lines.map((line) => {
    const [iata = '', name = '', city = '', state = ''] = splitCsv(line)
    return { iata, name, city, state }
  })
  const rows = JSON.parse(read('flights-20k.json')) as (Omit<Flight, 'departed'> & { date: string })[]
  const flights = rows.map(({ date, ...flight }) => ({ departed: date.replaceAll('/', '-'), ...flight }))
  return { airports, flights }
}

function read(name: string): string {
  try {
    const entry = createRequire(import.meta.url).resolve('vega-datasets')
    return readFileSync(path.resolve(path.dirname(entry), '../data', name), 'utf8')
  } catch {
    throw new StartError('the demo needs the npm package vega-datasets; run npm install vega-datasets')
  }
}

/** One record without line breaks inside, which is all that the file has. */
function splitCsv(line: string): string[] {
  const fields = line.match(/("([^"]|"")*"|[^,]*)(,|$)/g) ?? []
  return fields.map((field) => {
    const text = field.replace(/,$/, '')
    return text.startsWith('"') ? text.slice(1, -1).replaceAll('""', '"') : text
  })
}
