// Builds the one ESM and the one CSS that anywidget loads, and keeps them small.
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";
import { minify } from "terser";

const MOST_BYTES = 120_000;
const MOST_ZIPPED = 40_000;
const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const target = here("../src/opik_resume/notebook/widget/static/");

const common = { bundle: true, target: "es2022", logLevel: "warning" };
const bundled = await build({
  ...common,
  entryPoints: [here("src/index.tsx")],
  write: false,
  format: "esm",
  minifySyntax: true,
  // UMD code inside a bundle must not find the AMD loader some notebook hosts define.
  define: { "define.amd": "false" },
  // h("p", null, …) is shorter than jsx("p", { children: … }), and fields that are assigned than those that are defined.
  jsx: "transform",
  jsxFactory: "h_",
  jsxFragment: "Fragment_",
  inject: [here("jsx.mjs")],
  tsconfigRaw: { compilerOptions: { jsx: "react", useDefineForClassFields: false } },
});
// Terser makes it 4 % smaller than esbuild's own minifier does.
const { code } = await minify(bundled.outputFiles[0].text, {
  module: true,
  ecma: 2022,
  compress: { passes: 3, unsafe_arrows: true, pure_getters: true, keep_fargs: false },
});
await mkdir(target, { recursive: true });
await writeFile(`${target}widget.js`, code ?? "");
await build({
  ...common,
  minify: true,
  entryPoints: [here("src/style.css")],
  outfile: `${target}widget.css`,
});

const kB = (bytes) => `${(bytes / 1000).toFixed(1)} kB`;
for (const name of ["widget.js", "widget.css"]) {
  const text = await readFile(`${target}${name}`);
  const zipped = gzipSync(text).length;
  console.log(`${name}: ${kB(text.length)}, ${kB(zipped)} gzip`);
  if (text.length > MOST_BYTES || zipped > MOST_ZIPPED) {
    throw new Error(`${name} is above ${kB(MOST_BYTES)} or ${kB(MOST_ZIPPED)} gzip`);
  }
}
