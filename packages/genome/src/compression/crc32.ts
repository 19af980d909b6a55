// Four tables at once ("slicing by 4"): gzip and zip check every byte, so this must not be what takes the time.
const tables = makeTables();

function makeTables(): Uint32Array[] {
  const first = new Uint32Array(256);
  for (let i = 0; i < 256; i++) {
    let value = i;
    for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
    first[i] = value >>> 0;
  }
  const all = [first];
  for (let table = 1; table < 4; table++) {
    all.push(all[table - 1].map((value) => (value >>> 8) ^ first[value & 255]));
  }
  return all;
}

/** The CRC-32 of gzip and zip (polynomial 0xedb88320), continued from the CRC of what came before. */
export function crc32(bytes: Uint8Array, before = 0): number {
  const [a, b, c, d] = tables;
  let crc = ~before;
  const whole = bytes.length & ~3;
  let i = 0;
  for (; i < whole; i += 4) {
    crc ^= bytes[i] | (bytes[i + 1] << 8) | (bytes[i + 2] << 16) | (bytes[i + 3] << 24);
    crc = d[crc & 255] ^ c[(crc >>> 8) & 255] ^ b[(crc >>> 16) & 255] ^ a[crc >>> 24];
  }
  for (; i < bytes.length; i++) crc = (crc >>> 8) ^ a[(crc ^ bytes[i]) & 255];
  return ~crc >>> 0;
}
