import type { Random } from "@bindscape/numerics";

/** Integers that readers get wrong: signs, powers of two, and one beside them. */
const extremes = [
  0, 1, 2, 0x7f, 0x80, 0xff, 0x7fff, 0x8000, 0xffff, 0x10000, 0x7fffffff, 0x80000000, 0xfffffffe, 0xffffffff,
];

/** A damaged copy of a sound file: one to four mutations of kinds that storage, networks and attackers make. */
export function mutate(bytes: Uint8Array, random: Random): Uint8Array {
  let damaged: Uint8Array = bytes.slice();
  const times = 1 + random.integer(4);
  for (let i = 0; i < times && damaged.length > 0; i++) {
    damaged = mutations[random.integer(mutations.length)](damaged, random);
  }
  return damaged;
}

const mutations: ((bytes: Uint8Array, random: Random) => Uint8Array)[] = [
  flipBit,
  flipBit,
  replaceByte,
  truncate,
  putExtreme,
  putExtreme,
  putExtreme,
  copyRange,
  removeRange,
  repeatRange,
];

function flipBit(bytes: Uint8Array, random: Random): Uint8Array {
  bytes[random.integer(bytes.length)] ^= 1 << random.integer(8);
  return bytes;
}

function replaceByte(bytes: Uint8Array, random: Random): Uint8Array {
  bytes[random.integer(bytes.length)] = random.integer(256);
  return bytes;
}

function truncate(bytes: Uint8Array, random: Random): Uint8Array {
  return bytes.slice(0, random.integer(bytes.length));
}

/** Overwrites 1, 2, 4 or 8 bytes with an extreme integer, often near the start, where headers are. */
function putExtreme(bytes: Uint8Array, random: Random): Uint8Array {
  const length = 1 << random.integer(4);
  if (bytes.length < length) return bytes;
  const places = bytes.length - length + 1;
  const at = random.integer(random.integer(2) === 0 ? Math.min(places, 128) : places);
  const sizes = [bytes.length, bytes.length - 1, bytes.length + 1, -1];
  const choice = random.integer(extremes.length + sizes.length);
  const value = choice < extremes.length ? extremes[choice] : sizes[choice - extremes.length];
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const littleEndian = random.integer(4) > 0;
  if (length === 1) view.setUint8(at, value);
  else if (length === 2) view.setUint16(at, value, littleEndian);
  else if (length === 4) view.setUint32(at, value, littleEndian);
  else view.setBigInt64(at, BigInt(value) * (random.integer(2) === 0 ? 1n : 0x10000n), littleEndian);
  return bytes;
}

function copyRange(bytes: Uint8Array, random: Random): Uint8Array {
  const [start, end] = range(bytes, random);
  bytes.copyWithin(random.integer(bytes.length), start, end);
  return bytes;
}

function removeRange(bytes: Uint8Array, random: Random): Uint8Array {
  const [start, end] = range(bytes, random);
  return join(bytes.subarray(0, start), bytes.subarray(end));
}

function repeatRange(bytes: Uint8Array, random: Random): Uint8Array {
  const [start, end] = range(bytes, random);
  return join(bytes.subarray(0, end), bytes.subarray(start));
}

function range(bytes: Uint8Array, random: Random): [number, number] {
  const start = random.integer(bytes.length);
  const most = random.integer(2) === 0 ? 16 : bytes.length;
  return [start, Math.min(bytes.length, start + 1 + random.integer(most))];
}

function join(first: Uint8Array, second: Uint8Array): Uint8Array {
  const joined = new Uint8Array(first.length + second.length);
  joined.set(first);
  joined.set(second, first.length);
  return joined;
}
