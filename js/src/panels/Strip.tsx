import { useEffect, useRef } from "preact/hooks";
import { pixelsOf } from "../heatmap/palette";
import { RANKS } from "../heatmap/states";
import { useAround } from "./hooks";

/** A whole experiment as one line: a pixel for each state byte, stretched by CSS. */
export function Strip({ states }: { states: Uint8Array }) {
  const { palette } = useAround();
  const canvas = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    const context = canvas.current?.getContext("2d");
    if (!context || !states.length) return;
    const image = context.createImageData(states.length, 1);
    const colours = pixelsOf(palette);
    new Uint32Array(image.data.buffer).set(Array.from(states, (byte) => colours[RANKS[byte]]));
    context.putImageData(image, 0, 0);
  }, [states, palette]);
  return <canvas ref={canvas} class="oprs-strip" width={Math.max(1, states.length)} height={1} />;
}
