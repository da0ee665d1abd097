// As much of require.js as an exported page needs: its own address is outside, and so is answered from here.
(() => {
  const modules = new Map();
  const waiting = [];
  const load = (name) => {
    if (modules.has(name)) return modules.get(name);
    const made = new Promise((resolve, reject) => {
      const script = document.createElement("script");
      script.src = /\.js$/.test(name) ? name : `${name}.js`;
      script.onload = () => resolve(finish(waiting.splice(0).pop()));
      script.onerror = () => reject(new Error(name));
      document.head.append(script);
    });
    modules.set(name, made);
    return made;
  };
  const finish = async (definition) => {
    if (!definition) return undefined;
    const exports = {};
    const special = { exports, module: { exports }, require: window.require };
    const given = await Promise.all(definition.needs.map((each) => special[each] ?? load(each)));
    return (typeof definition.make === "function" ? definition.make(...given) : definition.make) ?? exports;
  };
  window.define = (...parts) => {
    const make = parts.pop();
    const needs = Array.isArray(parts.at(-1)) ? parts.pop() : [];
    if (parts.length) modules.set(parts[0], Promise.resolve().then(() => finish({ needs, make })));
    else waiting.push({ needs, make });
  };
  window.define.amd = {};
  window.require = window.requirejs = (needs, then = () => {}, failed = console.error) =>
    Promise.all(needs.map(load)).then((given) => then(...given), failed);
  window.require.config = () => {};
  window.require.undef = () => {};
})();
