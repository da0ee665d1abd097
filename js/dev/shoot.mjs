// Pictures of the development page in many states, into out/pictures. `node dev/shoot.mjs [name …]`
import { cp, mkdir, readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { extname } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { chromium } from "playwright";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const [site, pictures] = [here("../../out/dev/"), here("../../out/pictures/")];
const TYPES = { ".html": "text/html", ".js": "text/javascript", ".css": "text/css" };

const inspectFailed = async (page) => {
  await page.locator(".oprs-heatmap").focus();
  await page.keyboard.press("n");
  await page.keyboard.press("n");
  await page.keyboard.press("Enter");
  await page.locator(".oprs-traceback").waitFor();
};
const resume = async (page) => {
  await page.locator(".oprs-resume").click();
  await page.locator(".oprs-root[data-active=true]").waitFor();
  await page.waitForFunction(() => {
    const done = document.querySelector("[data-state=replayed] .oprs-count");
    return Number(done?.textContent) > 33;
  });
};
const chooseGroup = (page) => page.locator(".oprs-group").first().click();
const byScore = async (page) => {
  await page.getByLabel("Colour by").selectOption("score:words");
  await page.getByLabel("Sort by").selectOption("score:words");
  await page.locator(".oprs-scale svg").waitFor();
};
const choose = (label, value) => async (page) => {
  await page.getByLabel(label).selectOption(value);
  await page.locator(value.startsWith("field:") ? ".oprs-caption" : ".oprs-scale svg").waitFor();
};
const byCost = choose("Colour by", "cost");
const apart = async (page) => {
  await choose("Colour by", "disagreement:score:keywords")(page);
  await choose("Sort by", "disagreement:score:keywords")(page);
};
const grouped = choose("Sort by", "field:category");
const press =
  (...keys) =>
  async (page) => {
    await page.locator(".oprs-heatmap").focus();
    for (const key of keys) await page.keyboard.press(key);
  };
const drag = async (page) => {
  const box = await page.locator(".oprs-heatmap canvas").boundingBox();
  await page.mouse.move(box.x + 150, box.y + 60);
  await page.mouse.down();
  await page.mouse.move(box.x + 290, box.y + 130, { steps: 4 });
  await page.mouse.up();
  await page.locator(".oprs-selected").waitFor();
};
const closer = press("+", "+", "+");
const unfold = (page) => page.locator(".oprs-picker").click();
const showKeys = async (page) => {
  await page.locator(".oprs-heatmap").focus();
  await page.keyboard.press("?");
};
const hover = async (page) => {
  const box = await page.locator(".oprs-heatmap canvas").boundingBox();
  await page.mouse.move(box.x + 400, box.y + 70);
};
const openMetrics = async (page) => {
  await page.locator(".oprs-metrics .oprs-field").click();
  await page.locator(".oprs-option").first().hover();
};
const openMenu = (page) => page.locator(".oprs-arrow").click();
const openBounds = async (page) => {
  await page.getByRole("button", { name: "threads" }).click();
  await page.getByLabel("runs started").fill("10");
  await page.keyboard.press("Enter");
  await page.locator(".oprs-plan", { hasText: "at most 10 runs" }).waitFor();
};
const against = async (page) => {
  await page.getByLabel("Colour by").focus();
  await page.getByLabel("Colour by").selectOption("beside:e2");
  await page.locator(".oprs-verdict").first().waitFor();
};
const openDiff = (page) => page.getByRole("button", { name: "diff" }).click();
const chooseTask = (page) => page.locator(".oprs-plan select").selectOption("answer");
const openTrace = async (page) => {
  await page.getByRole("tab", { name: "Trace" }).click();
  await page.locator(".oprs-step").nth(2).click();
};
const openTab = (name) => async (page) => {
  await page.getByRole("tab", { name }).click();
};
const unfoldFrames = (page) => page.locator(".oprs-traceback summary").click();
const higher = async (page) => {
  await page.locator(".oprs-splitter").focus();
  for (let press = 0; press < 7; press++) await page.keyboard.press("ArrowUp");
};
const inspectDone = async (page) => {
  await page.locator(".oprs-heatmap").focus();
  await page.keyboard.press("Enter");
  await page.locator(".oprs-panel").waitFor();
};
const running = (page) => page.locator(".oprs-root[data-active=true]").waitFor();
const ready = (page) => page.locator(".oprs-root[data-ready=true]").waitFor();

const openDone = async (page) => {
  await page.locator(".oprs-row", { hasText: "done" }).click();
  await page.locator(".oprs-root[data-experiment=e1]").waitFor();
};
const forced = (page) => page.emulateMedia({ forcedColors: "active", colorScheme: "dark" });

const SHOTS = {
  light: ["scene=browser", inspectFailed, resume, hover],
  dark: ["scene=browser&theme=dark", inspectFailed, resume, hover],
  groups: ["scene=browser", ready, chooseGroup],
  groupsdark: ["scene=browser&theme=dark", ready, chooseGroup],
  groups700: ["scene=browser&width=700", ready, chooseGroup],
  groups420: ["scene=browser&width=420&theme=dark", ready, chooseGroup],
  scores: ["scene=browser", ready, byScore, hover],
  scoresdark: ["scene=browser&theme=dark", ready, byScore, hover],
  scores420: ["scene=browser&width=420", ready, byScore],
  cost: ["scene=changed", ready, byCost, hover],
  costdark: ["scene=changed&theme=dark", ready, byCost, hover],
  cost420: ["scene=changed&width=420&theme=dark", ready, byCost],
  apart: ["scene=browser", ready, apart],
  apartdark: ["scene=browser&theme=dark", ready, apart],
  apart420: ["scene=browser&width=420", ready, apart],
  grouped: ["scene=fifty", ready, grouped, inspectDone],
  groupeddark: ["scene=fifty&theme=dark", ready, grouped, hover],
  grouped420: ["scene=fifty&width=420&theme=dark", ready, grouped],
  groupedmany: ["scene=browser", ready, grouped, hover],
  groupedcloser: ["scene=browser&theme=dark", ready, grouped, closer],
  groupedsmall: ["scene=small", ready, grouped],
  groupedforced: ["scene=fifty", forced, ready, grouped],
  closer: ["scene=browser", ready, closer, drag],
  closerdark: ["scene=browser&theme=dark", ready, closer],
  selected: ["scene=browser&theme=dark", ready, byScore, drag],
  selected420: ["scene=browser&width=420", ready, drag],
  hugecloser: ["scene=huge", ready, closer, drag],
  thirty: ["scene=thirty", ready],
  thirtyselected: ["scene=thirty&theme=dark", ready, closer, drag],
  thirty420: ["scene=thirty&width=420", ready],
  huge420: ["scene=huge&width=420&theme=dark", ready],
  twelve420: ["scene=twelve&width=420&theme=dark", ready],
  single: ["scene=single", ready],
  browser700: ["scene=browser&width=700&theme=dark", ready],
  keys: ["scene=browser&theme=dark", ready, showKeys],
  manyscores: ["scene=many", ready, byScore],
  unfolded: ["scene=browser&width=420", ready, unfold],
  twelve: ["scene=twelve", ready],
  idle: ["scene=browser", ready],
  lab: ["scene=browser&width=844", inspectFailed],
  narrow: ["scene=browser&width=560", inspectFailed],
  one: ["scene=one", ready],
  many: ["scene=many", inspectFailed],
  manydark: ["scene=many&theme=dark", ready],
  huge: ["scene=huge", ready, hover],
  small: ["scene=small", ready],
  complete: ["scene=complete", ready, openDone],
  uneven: ["scene=uneven", ready],
  offers: ["scene=offers", ready],
  offersdark: ["scene=offers&theme=dark", chooseTask, openMetrics],
  offersopen: ["scene=offers", chooseTask, openMetrics],
  offerslab: ["scene=offers&width=844", ready],
  offersnarrow: ["scene=offers&width=560", openMetrics],
  remote: ["scene=remote", inspectFailed, openTrace],
  remotedark: ["scene=remote&theme=dark", inspectFailed, openTrace],
  remotelab: ["scene=remote&width=844", inspectFailed, openTrace],
  remotenarrow: ["scene=remote&width=560", inspectFailed, openTrace],
  error: ["scene=browser", inspectFailed, unfoldFrames, higher],
  errordark: ["scene=browser&theme=dark", inspectFailed, unfoldFrames, higher],
  errornarrow: ["scene=browser&width=420", inspectFailed, higher],
  attempts: ["scene=browser&width=420", inspectFailed, openTab("Attempts"), higher],
  scoretab: ["scene=browser&width=420", inspectDone, openTab("Scores"), higher],
  output: ["scene=browser", inspectDone, openTab("Output"), higher],
  outputdark: ["scene=browser&theme=dark", inspectDone, openTab("Output"), higher],
  item: ["scene=browser", inspectDone, openTab("Item"), higher],
  menu: ["scene=browser", ready, chooseGroup, openMenu],
  menudark: ["scene=browser&theme=dark", ready, chooseGroup, openMenu],
  menu700: ["scene=browser&width=700", ready, openMenu],
  menu420: ["scene=browser&width=420&theme=dark", ready, chooseGroup, openMenu],
  bounds: ["scene=browser", ready, openBounds],
  bounds420: ["scene=browser&width=420", ready, openBounds],
  against: ["scene=browser", inspectDone, against, openTab("Output"), higher],
  againstdark: ["scene=browser&theme=dark", inspectDone, against, openTab("Output")],
  against420: ["scene=browser&width=420", ready, against],
  changed: ["scene=changed", ready, openDiff],
  changeddark: ["scene=changed&theme=dark", ready, openDiff],
  changed420: ["scene=changed&width=420", ready, openDiff],
  strips: ["scene=strips", ready],
  stripsdark: ["scene=strips&theme=dark", ready],
  stripsforced: ["scene=strips", forced, ready],
  stripsnarrow: ["scene=strips&width=388", ready],
  forced: ["scene=browser", forced, ready],
  forceddone: ["scene=complete", forced, ready, openDone],
  empty: ["scene=empty", ready],
  run: ["scene=run", running],
  rundark: ["scene=run&theme=dark", running],
};

await mkdir(site, { recursive: true });
await build({
  entryPoints: { page: here("page.tsx") },
  bundle: true,
  format: "esm",
  outdir: site,
  logLevel: "warning",
});
await build({ entryPoints: { page: here("../src/style.css") }, bundle: true, outdir: site });
await cp(here("index.html"), `${site}index.html`);

const server = createServer(async (request, response) => {
  const { pathname } = new URL(request.url, "http://localhost");
  const name = pathname === "/" ? "/index.html" : pathname;
  const content = await readFile(site + name.slice(1)).catch(() => null);
  response.writeHead(content ? 200 : 404, { "content-type": TYPES[extname(name)] ?? "text/plain" });
  response.end(content);
});
await new Promise((done) => server.listen(0, "127.0.0.1", done));
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM_PATH ?? "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-dev-shm-usage"],
});
const wanted = process.argv.slice(2);
for (const [name, [query, ...steps]] of Object.entries(SHOTS)) {
  if (wanted.length && !wanted.includes(name)) continue;
  const page = await browser.newPage({
    viewport: { width: 1132, height: 720 },
    deviceScaleFactor: 1.5,
  });
  page.on("pageerror", (error) => console.error(name, error));
  page.on("console", (message) => console.log(name, message.text()));
  await page.goto(`http://127.0.0.1:${server.address().port}/?${query}`);
  for (const step of steps) await step(page);
  await page.evaluate(
    () => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))),
  );
  await mkdir(pictures, { recursive: true });
  await page.screenshot({ path: `${pictures}${name}.png`, fullPage: true });
  await page.close();
}
await browser.close();
server.close();
