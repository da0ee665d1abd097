// Builds the one ESM and the one CSS that anywidget loads, and keeps them small.
import { stat } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const MOST_BYTES = 60_000;
const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const target = here("../src/opik_resume/notebook/widget/static/");

const common = { bundle: true, minify: true, target: "es2022", logLevel: "warning" };
await build({
  ...common,
  entryPoints: [here("src/index.tsx")],
  outfile: `${target}widget.js`,
  format: "esm",
  // UMD code inside a bundle must not find the AMD loader some notebook hosts define.
  define: { "define.amd": "false" },
});
await build({ ...common, entryPoints: [here("src/style.css")], outfile: `${target}widget.css` });

for (const name of ["widget.js", "widget.css"]) {
  const { size } = await stat(`${target}${name}`);
  console.log(`${name}: ${(size / 1000).toFixed(1)} kB`);
  if (size > MOST_BYTES) throw new Error(`${name} is above ${MOST_BYTES / 1000} kB`);
}
