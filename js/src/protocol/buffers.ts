// The decoding of the buffers that come with messages.

// A DataView is a window into a larger buffer: its own offset and length count, and types wider than
// a byte need an aligned start, hence the copies.

export function bytesOf(view: DataView | undefined): Uint8Array {
  return view ? new Uint8Array(view.buffer, view.byteOffset, view.byteLength) : new Uint8Array(0);
}

export function uint32Of(view: DataView | undefined): Uint32Array {
  return new Uint32Array(aligned(view, 4));
}

export function uint16Of(view: DataView | undefined): Uint16Array {
  return new Uint16Array(aligned(view, 2));
}

function aligned(view: DataView | undefined, width: number): ArrayBuffer {
  const bytes = bytesOf(view);
  return bytes.slice(0, bytes.length - (bytes.length % width)).buffer as ArrayBuffer;
}
