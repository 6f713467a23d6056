import net from 'node:net'
import { StartError } from './start-error.ts'

/** The given port when it can be listened on, or a free one. */
export async function choosePort(port: number | undefined): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = net.createServer()
    probe.once('error', (error: NodeJS.ErrnoException) => {
      const why = error.code === 'EADDRINUSE' ? 'is already in use' : `cannot be used: ${error.message}`
      reject(new StartError(`port ${port ?? 0} ${why}`))
    })
    probe.listen({ host: '127.0.0.1', port: port ?? 0, exclusive: true }, () => {
      const address = probe.address()
      probe.close(() => resolve(typeof address === 'object' && address ? address.port : (port ?? 0)))
    })
  })
}
