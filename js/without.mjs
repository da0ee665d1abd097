// What Preact has for others and nothing here uses: left out before the bundle is made, a tenth of it. Its version is pinned;
// a piece that is not found any more fails the build.
import { readFile } from "node:fs/promises";

const NEVER = "(void 0)";
/** [what, instead of it]: each is read, never set, unless it says otherwise. */
const PIECES = {
  "preact.mjs": [
    // Classes of components, and errors that a component catches.
    [/\w\.(getDerivedState\w+|componentDid\w+|getSnapshotBeforeUpdate)/g, NEVER],
    [/\w\.componentWill(Mount|ReceiveProps|Update)\b/g, NEVER],
    [/\(\w=\w\.prototype\)&&\w\.render/g, "!1"],
    [/if\(\(i=t\.__c\)&&!\(1&i\.__g\)\)\{i\.__g\|=4;try\{.*?\{n=t\}\}/, "(i=t.__c)&&(i.__g|=4);"],
    [/2&d\.__g&&\(d\.__g\|=1\)|1&d\.__g&&\(d\.__g&=-4\)/g, "0"],
    // What a component has besides hooks: a state, a method that renders, the context of its class.
    [/\w\.prototype\.forceUpdate=function.*?\},\w\.prototype\.render=.,/g, ""],
    [/(setState=function)\(.*?L\(this\)\)\)\}/g, "$1(){this.__v&&L(this)}"],
    [/d\.state\|\|\(d\.state=\{\}\),|d\.state=d\.__s,(?=d\.(get|__g))/g, ""],
    [/\.render\(d\.props,d\.state=d\.__s,d\.context\)/g, ".constructor(d.props)"],
    [/,d\.render=\w|,b=d\.state|,d\.__s(?=,L\))/g, ""],
    [/y\.push\.apply\(d\.__h,d\.__k\),d\.__k=\[\],|,d\.__k=\[\](?=\),)/g, ""],
    [/j=\(s=V\.contextType\).*?:i/g, "L=i"],
    [/j&&j\.sub\(d\),/g, ""],
    [/\(\w\.Consumer=.*?\)\.contextType=(\w)/g, "$1"],
    // What plug-ins and other schedulers may set.
    [/\w\.(debounceRendering|vnode|event)\b/g, NEVER],
    [/n\.__&&n\.__\(t,r\),/g, ""],
    // Pages that came from a server, what was in an element before, and components that wait.
    [/(32|128)&\w\.__u/g, "0"],
    [/\w&&\w\.then/g, "!1"],
    [/\(\w=\w\.__z\)/g, "!1"],
    [/,c\|\|o\)if/g, ",!1)if"],
    [/,l&&\(n\.__m&&n\.__m\(r,o\),l=!1\),o=null/g, ""],
    [/if\(a="template"==C.*?\.name\]=k\.value;/g, "a=t;"],
    [/o\?o\[0\]:(.*?),o&&o\.some\(g\)/g, "$1"],
    [/,o\)for\(s=0;.*?break\}/g, ");"],
    [/\w&&"function"!=typeof k\|\||l&&\w\.data==x\|\||l&&"textarea"!=C\|\|/g, ""],
    [/,x\.is\?x:a\)/g, ")"],
    [/r\.firstChild\?d\.call\(r\.childNodes\):|9==r\.nodeType&&\(r=r\.documentElement\),/g, ""],
    [/:r\.firstChild/g, ":null"],
    [/&&8==\w\.nodeType(&&!\w\.data\.startsWith\("\$s"\))?;/g, "&&!1;"],
    // Elements and attributes of other pages.
    [/"math"==C\?.*?:f\|\|/g, "f||"],
    [/\("foreignObject"==C.*?xhtml"\),/g, ""],
    [/"value"==s&&"defaultValue"in x\|\|"checked"==s&&"defaultChecked"in x\|\|/g, ""],
    [/"progress"==C&&null==b\?.*?:(null==b\|\|b===t\[s\])&&\("progress"!=C\|\|b\)/g, "$1"],
    [/t=t\.replace\(\/xlink.*?"s"\)/g, ""],
    [/"(list|form|download|rowSpan|colSpan|popover)"!=t&&/g, ""],
    [/"popover"==t&&1==r\?"":r/g, "r"],
    [
      /if\("string"==typeof r\)n\.style\.cssText=r;else\{.*?\}else if\("o"/g,
      'n.style.cssText=r;else if("o"',
    ],
    // Refs that are functions.
    [/function G\(t,r,u,i\)\{try\{.*?:(t\.current=r)\}catch.*?\}\}/g, "function G(t,r){$1}"],
    // Portals.
    [/[\w.]+\.props\.__P/g, NEVER],
    [/\w\.__P&&\(/g, "!1&&("],
    // Here, text is text.
    [/"dangerouslySetInnerHTML"==\w\?\w=\w:/g, ""],
  ],
  "hooks.mjs": [
    // Other plug-ins: what they may set, and those that were there before.
    [/\w\.(__s|requestAnimationFrame)\b/g, NEVER],
    [/a\.__=function.*?\},a\.__r/g, "a.__r"],
    [/a\.__h&&a\.__h\(r,n,f\|\|t\),/g, ""],
    // What is undone with a component, and what that throws, could wait.
    [/if\(u\.__P&&u\.__c\)\{.*?\}else C/g, "C"],
    [/do\{for\(;n=e.*?\}(for.*?)\}while\(e\.length\)/g, "$1"],
    [/i\.__P=!.,/g, ""],
    [/,c\)\{var.*?f:e\}/g, ");"],
    [/v=a\.__b,l=a\.__r,m=a\.diffed,h=a\.__c,s=a\.unmount,p=a\.__;/g, "v,l,m,h,s,p;"],
  ],
};

export const withoutWhatIsNeverUsed = {
  name: "without",
  setup(build) {
    build.onLoad({ filter: /(preact|hooks)\.mjs$/ }, async ({ path }) => {
      let contents = await readFile(path, "utf8");
      for (const [what, instead] of PIECES[path.split(/[\\/]/).at(-1)]) {
        const left = contents.replace(what, instead);
        if (left === contents) throw new Error(`${path} has nothing like ${what}`);
        contents = left;
      }
      return { contents };
    });
  },
};
