import { expect, test } from "vitest";
import { bytesOf, STATES, stateOf, uint16Of, uint32Of } from "../../src/protocol";

/** A view at an odd offset inside a larger buffer, as the transport may hand them out. */
function shifted(typed: Uint8Array | Uint16Array | Uint32Array, offset: number): DataView {
  const buffer = new ArrayBuffer(typed.byteLength + offset + 5);
  const raw = new Uint8Array(typed.buffer, typed.byteOffset, typed.byteLength);
  new Uint8Array(buffer).fill(0xee).set(raw, offset);
  return new DataView(buffer, offset, typed.byteLength);
}

test("buffers are read at any offset", () => {
  for (const offset of [0, 1, 2, 3, 5, 7]) {
    const numbers = [0, 1, 255, 65_535, 4_294_967_295];
    expect([...uint32Of(shifted(Uint32Array.from(numbers), offset))]).toEqual(numbers);
    expect([...uint16Of(shifted(Uint16Array.of(3, 65_535), offset))]).toEqual([3, 65_535]);
    expect([...bytesOf(shifted(Uint8Array.of(5, 0x83), offset))]).toEqual([5, 0x83]);
  }
});

test("missing and cut buffers hold nothing that is not there", () => {
  expect(bytesOf(undefined)).toHaveLength(0);
  expect(uint32Of(undefined)).toHaveLength(0);
  expect([...uint32Of(shifted(Uint8Array.of(1, 0, 0, 0, 9), 1))]).toEqual([1]);
});

test("a state is in the low bits", () => {
  STATES.forEach((state, byte) => {
    expect(stateOf(byte)).toBe(state);
    expect(stateOf(byte | 0x80)).toBe(state);
  });
});
