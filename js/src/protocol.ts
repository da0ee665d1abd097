// The words of docs/protocol.md as types, and the decoding of the buffers that come with them.

export * from "./protocol/buffers";
export * from "./protocol/cells";
export * from "./protocol/experiments";
export * from "./protocol/messages";
export * from "./protocol/states";
