import pino from 'pino'

/** To standard error: standard output belongs to what was asked for. */
export function makeLog(level = process.env.PG_STREAM_LOG_LEVEL ?? 'info'): pino.Logger {
  return pino(
    { level, base: null, timestamp: pino.stdTimeFunctions.isoTime },
    pino.destination({ fd: 2, sync: true }),
  )
}
