// Run-length coding, as docs/protocol.md has it: pairs of a state byte and the length of its run less one.

/** From this length on a run is filled by the engine; shorter ones are quicker one by one. */
const LONG = 24;

/** State bytes, and how many there are of each. */
export interface Counted {
  readonly bytes: Uint8Array;
  readonly counts: Uint32Array;
}

/** (An indexed loop: iterating over a typed array takes several times as long.) */
export function countsOf(bytes: Uint8Array): Uint32Array {
  const counts = new Uint32Array(256);
  for (let at = 0; at < bytes.length; at++) counts[bytes[at]]++;
  return counts;
}

/** A copy, as what was sent is a window into a larger buffer. */
export const plain = (sent: Uint8Array): Counted => ({
  bytes: sent.slice(),
  counts: countsOf(sent),
});

/** The bytes that were coded, `length` of them, counted run by run; what the code leaves open is 0. */
export function expand(coded: Uint8Array, length: number): Counted {
  const bytes = new Uint8Array(length);
  const counts = new Uint32Array(256);
  let start = 0;
  for (let at = 0; at + 1 < coded.length && start < length; at += 2) {
    const byte = coded[at];
    const end = Math.min(length, start + coded[at + 1] + 1);
    counts[byte] += end - start;
    if (end - start >= LONG) bytes.fill(byte, start, end);
    else for (let place = start; place < end; place++) bytes[place] = byte;
    start = end;
  }
  counts[0] += length - start;
  return { bytes, counts };
}

export interface Runs {
  readonly bytes: readonly number[];
  readonly lengths: readonly number[];
}

/** The runs themselves, those that were cut put together again. */
export function joined(coded: Uint8Array): Runs {
  const bytes: number[] = [];
  const lengths: number[] = [];
  for (let at = 0; at + 1 < coded.length; at += 2) {
    const length = coded[at + 1] + 1;
    if (bytes.at(-1) === coded[at]) lengths[lengths.length - 1] += length;
    else {
      bytes.push(coded[at]);
      lengths.push(length);
    }
  }
  return { bytes, lengths };
}
