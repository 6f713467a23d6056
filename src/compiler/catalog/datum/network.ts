import type { DatumBytes } from './bytes.ts'
import type { TextDecoders } from './decoder.ts'

export const NETWORK_TYPES: TextDecoders = {
  650: (bytes) => addressText(bytes, true),
  774: (bytes) => colons(bytes),
  829: (bytes) => colons(bytes),
  869: (bytes) => addressText(bytes, false),
}

/** PGSQL_AF_INET is 2, PGSQL_AF_INET6 is 3. */
function addressText(bytes: DatumBytes, network: boolean): string {
  const version4 = bytes.u8(4) === 2
  const bits = bytes.u8(5)
  const address = version4
    ? [6, 7, 8, 9].map((at) => bytes.u8(at)).join('.')
    : [0, 1, 2, 3, 4, 5, 6, 7]
        .map((i) => (bytes.u8(6 + 2 * i) * 256 + bytes.u8(7 + 2 * i)).toString(16))
        .join(':')
  return network || bits !== (version4 ? 32 : 128) ? `${address}/${bits}` : address
}

function colons(bytes: DatumBytes): string {
  return bytes.hex(0, bytes.length).replace(/..(?=.)/g, '$&:')
}
