export interface Alert {
  readonly event: string
  readonly facts: Readonly<Record<string, unknown>>
}

/** One of ours? Any role may notify the channel, with any text, so nothing about a payload can be relied on. */
export function readAlert(payload: string | null | undefined): Alert | undefined {
  let value: unknown
  try {
    value = JSON.parse(payload ?? '')
  } catch {
    return undefined
  }
  if (typeof value !== 'object' || value === null) return undefined
  const { event, ...facts } = value as Record<string, unknown>
  return typeof event === 'string' && /^[a-z_]{1,63}$/.test(event) ? { event, facts } : undefined
}
