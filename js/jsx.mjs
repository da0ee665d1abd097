// What the elements of the bundle are made with: see build.mjs.
export { Fragment as Fragment_, h as h_ } from "preact";
