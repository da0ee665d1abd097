import { onTestFinished, vi } from "vitest";
import type { FakeKernel } from "../../dev/fake";
import widget from "../../src/index";

export interface Mounted {
  root: HTMLElement;
  end: AbortController;
  find(selector: string): HTMLElement;
  text(selector: string): string;
  button(name: string): HTMLButtonElement;
}

export async function mount(kernel: FakeKernel, of = widget): Promise<Mounted> {
  const el = document.createElement("div");
  document.body.append(el);
  const end = new AbortController();
  onTestFinished(() => end.abort()); // what it still waits for must not draw when there is no page any more
  await of.render({ model: kernel.control.as(), el, signal: end.signal, host: kernel.host });
  const root = el.querySelector<HTMLElement>(".oprs-root");
  if (!root) throw new Error("nothing was mounted");
  const find = (selector: string) => {
    const found = root.querySelector<HTMLElement>(selector);
    if (!found) throw new Error(`there is no ${selector}`);
    return found;
  };
  return {
    root,
    end,
    find,
    text: (selector) => find(selector).textContent ?? "",
    button: (name) => find(`.oprs-${name}`) as HTMLButtonElement,
  };
}

/** Mounted, shaken hands, and an experiment drawn from its first key frame. */
export async function mountOpen(kernel: FakeKernel, of = widget): Promise<Mounted> {
  const mounted = await mount(kernel, of);
  await vi.waitFor(() => {
    if (mounted.root.dataset.active !== "false") throw new Error("no key frame yet");
    if (!mounted.text(".oprs-status")) throw new Error("not drawn yet");
  });
  return mounted;
}
