import pino from 'pino'

/** To standard error: standard output belongs to what was asked for. */
export function makeLog(level = process.env.PG_STREAM_LOG_LEVEL ?? 'info'): pino.Logger {
  const destination = pino.destination({ fd: 2, sync: true })
  // A full disk or a closed pipe costs log lines, not the server.
  destination.on('error', () => {})
  return pino({ level, base: null, timestamp: pino.stdTimeFunctions.isoTime }, destination)
}
