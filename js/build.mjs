// Builds the one ESM and the one CSS that anywidget loads, and keeps them small.
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";

const MOST_BYTES = 120_000;
const MOST_ZIPPED = 40_000;
const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const target = here("../src/opik_resume/notebook/widget/static/");

const common = {
  bundle: true,
  minify: true,
  target: "es2022",
  charset: "utf8",
  logLevel: "warning",
};
await build({
  ...common,
  entryPoints: [here("src/index.tsx")],
  outfile: `${target}widget.js`,
  format: "esm",
  // UMD code inside a bundle must not find the AMD loader some notebook hosts define.
  define: { "define.amd": "false" },
});
await build({ ...common, entryPoints: [here("src/style.css")], outfile: `${target}widget.css` });

const kB = (bytes) => `${(bytes / 1000).toFixed(1)} kB`;
for (const name of ["widget.js", "widget.css"]) {
  const text = await readFile(`${target}${name}`);
  const zipped = gzipSync(text).length;
  console.log(`${name}: ${kB(text.length)}, ${kB(zipped)} gzip`);
  if (text.length > MOST_BYTES || zipped > MOST_ZIPPED) {
    throw new Error(`${name} is above ${kB(MOST_BYTES)} or ${kB(MOST_ZIPPED)} gzip`);
  }
}
