import net from 'node:net'

export interface SilentProxy {
  readonly port: number
  /**
   * What passes through the present connections (or the one that the server knows by this port) is lost from now on, and
   * nobody hears of their end; new ones work.
   */
  swallow(serverSidePort?: number): void
  /** Nothing is taken any more from either end of the present connections, nor is anything lost; new ones work. */
  stall(): void
  /** New connections are refused, or let through again. */
  refuse(on: boolean): void
  close(): Promise<void>
}

/** A firewall between a client and the server on that port. */
export async function startProxy(serverPort: number): Promise<SilentProxy> {
  const open = new Set<{ sockets: readonly net.Socket[]; isDead: boolean }>()
  let isRefusing = false
  const listener = net.createServer((near) => {
    if (isRefusing) {
      near.destroy()
      return
    }
    const far = net.connect(serverPort, '127.0.0.1')
    const connection = { sockets: [near, far], isDead: false }
    open.add(connection)
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      from.on('data', (data) => {
        if (!connection.isDead) to.write(data)
      })
      from.on('error', () => {})
      from.on('close', () => {
        if (!connection.isDead) to.destroy()
      })
    }
  })
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve))
  return {
    port: (listener.address() as net.AddressInfo).port,
    swallow(serverSidePort) {
      for (const connection of open) {
        const [, far] = connection.sockets
        if (serverSidePort === undefined || far?.localPort === serverSidePort) connection.isDead = true
      }
    },
    stall() {
      for (const connection of open) {
        connection.isDead = true
        for (const socket of connection.sockets) socket.pause()
      }
    },
    refuse(on) {
      isRefusing = on
    },
    async close() {
      for (const { sockets } of open) for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => listener.close(resolve))
    },
  }
}
