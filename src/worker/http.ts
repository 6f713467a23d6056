import http from 'node:http'
import type { Logger } from 'pino'
import { StartError } from '../hosts/embedded/start-error.ts'
import type { WorkerMetrics } from './metrics.ts'

/** Serve /metrics and /healthz on the loopback interface until the signal; ready when it returns. */
export async function serveHttp({
  port,
  metrics,
  log,
  signal,
}: {
  port: number
  metrics: WorkerMetrics
  log: Logger
  signal: AbortSignal
}): Promise<void> {
  const server = http.createServer((request, response) => {
    const send = (status: number, type: string, body: string) =>
      response.writeHead(status, { 'content-type': type }).end(body)
    if (request.url === '/healthz') {
      const healthy = metrics.isHealthy()
      send(
        healthy ? 200 : 503,
        'text/plain; charset=utf-8',
        healthy ? 'ok\n' : 'no connection to the server\n',
      )
    } else if (request.url === '/metrics') {
      metrics.registry.metrics().then(
        (text) => send(200, metrics.registry.contentType, text),
        (error) =>
          send(500, 'text/plain; charset=utf-8', `${error instanceof Error ? error.message : error}\n`),
      )
    } else {
      send(404, 'text/plain; charset=utf-8', 'try /metrics or /healthz\n')
    }
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const why = error.code === 'EADDRINUSE' ? 'is already in use' : `cannot be used: ${error.message}`
      reject(new StartError(`HTTP port ${port} ${why}`))
    })
    server.listen(port, '127.0.0.1', resolve)
  })
  server.on('error', (error) => log.warn({ reason: error.message }, 'HTTP server'))
  const close = () => {
    server.close()
    server.closeAllConnections()
  }
  if (signal.aborted) close()
  else signal.addEventListener('abort', close, { once: true })
}
