import { replyText } from '../reply.ts'

/** What is used of Emscripten's module; PGlite does not type it. */
export interface EmscriptenModule {
  readonly FS: {
    makedev(major: number, minor: number): number
    registerDevice(device: number, operations: DeviceOperations): void
    mkdev(path: string, device: number): void
  }
}

interface DeviceOperations {
  open(): void
  close(): void
  llseek(stream: unknown, offset: number, whence: number): number
  write(stream: unknown, buffer: Uint8Array | Int8Array, offset: number, length: number): number
  read(
    stream: unknown,
    buffer: Uint8Array | Int8Array,
    offset: number,
    length: number,
    position: number,
  ): number
}

export const DEVICE = '/dev/pgstream'

/**
 * A character device in PGlite's file system. A request is what is written up to a line feed; the reply to the last
 * request is what is read. PGlite serves one connection, so calls never meet.
 */
export function addCompileDevice({ FS }: EmscriptenModule): void {
  let request: Uint8Array[] = []
  let answer = new Uint8Array()
  const device = FS.makedev(77, 0)
  FS.registerDevice(device, {
    open() {},
    close() {},
    llseek: (_stream, offset, whence) => (whence === 2 ? answer.length + offset : offset),
    write(_stream, buffer, offset, length) {
      // Short writes come from one view of the heap, long ones from another.
      request.push(new Uint8Array(buffer.buffer, buffer.byteOffset + offset, length).slice())
      if (buffer[offset + length - 1] === 10) {
        answer = new TextEncoder().encode(replyText(decode(request)))
        request = []
      }
      return length
    },
    read(_stream, buffer, offset, length, position) {
      const part = answer.subarray(position, position + length)
      buffer.set(part, offset)
      return part.length
    },
  })
  FS.mkdev(DEVICE, device)
}

function decode(chunks: readonly Uint8Array[]): string {
  const decoder = new TextDecoder()
  return chunks.map((chunk) => decoder.decode(chunk, { stream: true })).join('') + decoder.decode()
}
