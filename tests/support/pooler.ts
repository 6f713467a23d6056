import net from 'node:net'

export interface TransactionPooler {
  readonly port: number
  close(): Promise<void>
}

const letter = (text: string) => text.charCodeAt(0)
const READY = letter('Z')
const IDLE = letter('I')

/** Cuts what comes into messages of the protocol: a letter, a length that counts itself, and so on. */
function messages(take: (message: Buffer) => void): (data: Buffer) => void {
  let rest = Buffer.alloc(0)
  return (data) => {
    rest = Buffer.concat([rest, data])
    for (;;) {
      const length = rest.length < 5 ? Number.POSITIVE_INFINITY : 1 + rest.readInt32BE(1)
      if (rest.length < length) return
      take(rest.subarray(0, length))
      rest = rest.subarray(length)
    }
  }
}

/**
 * What pgbouncer does in transaction mode, with a pool of one connection to the server on that port: whoever sends a query
 * has it until the transaction is over. Clients are told process numbers that are not the server's. Simple queries only.
 */
export async function startTransactionPooler(serverPort: number): Promise<TransactionPooler> {
  const sockets = new Set<net.Socket>()
  const server = net.connect(serverPort, '127.0.0.1')
  sockets.add(server)
  let greeting: Buffer[] | undefined
  let holder: net.Socket | undefined
  const queue: { client: net.Socket; message: Buffer }[] = []
  const waiting: net.Socket[] = []
  const welcome = (client: net.Socket) => {
    for (const message of greeting ?? []) {
      const said = Buffer.from(message)
      if (said[0] === letter('K')) said.writeInt32BE(7_000_000 + sockets.size, 5)
      client.write(said)
    }
  }
  const next = () => {
    const at = queue.findIndex(({ client }) => holder === undefined || client === holder)
    const [first] = at < 0 ? [] : queue.splice(at, 1)
    if (first === undefined) return
    holder = first.client
    server.write(first.message)
  }
  const heard: Buffer[] = []
  server.on(
    'data',
    messages((message) => {
      if (greeting === undefined) heard.push(Buffer.from(message))
      else holder?.write(message)
      if (message[0] !== READY) return
      if (greeting === undefined) {
        greeting = heard
        for (const client of waiting.splice(0)) welcome(client)
      } else if (message[5] === IDLE) holder = undefined
      next()
    }),
  )
  const listener = net.createServer((client) => {
    sockets.add(client)
    client.on('error', () => {})
    client.once('data', (startup) => {
      if (sockets.size === 2) server.write(startup)
      if (greeting === undefined) waiting.push(client)
      else welcome(client)
      client.on(
        'data',
        messages((message) => {
          if (message[0] === letter('X')) return
          queue.push({ client, message: Buffer.from(message) })
          if (holder === undefined) next()
        }),
      )
    })
  })
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve))
  return {
    port: (listener.address() as net.AddressInfo).port,
    async close() {
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => listener.close(resolve))
    },
  }
}
