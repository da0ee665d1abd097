// Builds the one ESM and the one CSS that anywidget loads, and keeps them small. Another folder can be named, ending in "/".
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";
import { minify } from "terser";
import { withoutWhatIsNeverUsed } from "./without.mjs";

const MOST_BYTES = 120_000;
const MOST_ZIPPED = 40_000;
const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const target = process.argv[2] ?? here("../src/opik_resume/notebook/widget/static/");

const common = { bundle: true, target: "es2022", charset: "utf8", logLevel: "warning" };
// Gzip looks back 32 kB: modules of one kind beside one another are smaller together.
const modules = [];
for (const folder of ["heatmap", "inspector", "panels", "wire", "state"]) {
  const names = await readdir(here(`src/${folder}`), { recursive: true });
  modules.push(...names.sort().map((name) => `./${folder}/${name}`));
}
const bundled = await build({
  ...common,
  stdin: {
    contents: [
      `import "preact/hooks";`,
      ...modules.filter((name) => /\.tsx?$/.test(name)).map((name) => `import "${name}";`),
      'export { default } from "./index";',
    ].join("\n"),
    resolveDir: here("src"),
  },
  write: false,
  format: "esm",
  plugins: [withoutWhatIsNeverUsed],
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
/** What classes of components have, and there are none. */
const OF_PREACT = [
  "(component|getDerivedState|getSnapshot|shouldComponent)[A-Z]\\w+",
  "getChildContext|forceUpdate|setState|debounceRendering|diffed|vnode",
];

/** Public names that are ours as well, of the view's state and of the grid: only names that never become JSON or a text. */
const OURS =
  `accepts actual arrange arrangement asOf bars blockGap centre choices chooseKind comparison drag forgetAll found fullHeight
  fullWidth groupsInAll halt heads hover inspected isClose isMarked isPending keysShown labelledBy late listing marked marking
  meant mostZoom news outdated pick planning press pressCell pressLabel raster recolour reveal seenInsteadOf shading
  showKeys shownHeight shownWidth slivers squeezed storeName stored tabbable tally terms trouble troubles unfolded verdicts
  wish zoomTo zoomed lengths inspection hearken sight selecting ranks onChoose forget settle blocks answered aside palette
  nothing having among extend layout columns`.split(/\s+/);

/** Names of private members, which nothing but their class can name: shorter ones are theirs. Not those that are also said on
 * the wire, to the host or in a text, and (by Terser itself) not what a browser knows. */
async function ourOwnNames() {
  const declared = new Set(OURS);
  const said = new Set(["blockWidth", "cellWidth", "cellHeight"]); // in data-geometry
  const outside = ["protocol/", "wire/presence.ts", "wire/saved.ts", "index.tsx"];
  for (const path of await readdir(here("src"), { recursive: true })) {
    if (!/\.tsx?$/.test(path)) continue;
    const text = await readFile(here(`src/${path}`), "utf8");
    const words = outside.some((name) => path.startsWith(name))
      ? /([A-Za-z]\w*)/g
      : /["'`]([A-Za-z]\w*)["'`]/g;
    for (const [, word] of text.matchAll(words)) said.add(word);
    for (const [, name] of text.matchAll(
      /\bprivate (?:(?:static|readonly|async|get|set) )*([a-z]\w*)/g,
    ))
      declared.add(name);
  }
  return [...declared].filter((name) => !said.has(name));
}

// Terser makes it 4 % smaller than esbuild's own minifier does.
const { code } = await minify(bundled.outputFiles[0].text, {
  module: true,
  ecma: 2022,
  compress: { passes: 3, unsafe_arrows: true, pure_getters: true, unsafe: true, keep_fargs: false },
  mangle: {
    properties: { regex: new RegExp(`^(${[...(await ourOwnNames()), ...OF_PREACT].join("|")})$`) },
  },
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
