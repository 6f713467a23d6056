/**
 * Aborted by the first Ctrl-C, SIGTERM or hang-up, and when nobody reads standard output any more. Later ones change
 * nothing: npm passes on a Ctrl-C that the terminal has sent already, and stopping takes bounded time anyway.
 */
export function stopSignal(): AbortSignal {
  const controller = new AbortController()
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, () => controller.abort())
  process.stdout.on('error', ({ code }: NodeJS.ErrnoException) => {
    if (code === 'EPIPE') controller.abort()
  })
  process.stderr.on('error', () => {})
  return controller.signal
}
