// The words of docs/protocol.md as types, and the decoding of the buffers that come with them.

export * from "./buffers";
export * from "./cells";
export * from "./experiments";
export * from "./messages";
export * from "./states";
