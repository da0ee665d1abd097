import { useEffect, useState } from "preact/hooks";

/** Puts a text on the clipboard and says so. */
export function Copy({ text }: { text: string }) {
  const [said, say] = useState("");
  useEffect(() => {
    const timer = setTimeout(() => say(""), 1500);
    return () => clearTimeout(timer);
  }, [said]);
  const copy = async () => {
    const done = await navigator.clipboard?.writeText(text).then(
      () => true,
      () => false,
    );
    say((done ?? false) || copyOfOld(text) ? "copied" : "cannot copy");
  };
  return (
    <button type="button" class="oprs-fold oprs-copy" onClick={copy} aria-live="polite">
      {said || "Copy"}
    </button>
  );
}

/** Pages that are not served over https have no clipboard of the new kind. */
function copyOfOld(text: string): boolean {
  const area = document.createElement("textarea");
  area.value = text;
  area.style.cssText = "position:fixed;opacity:0";
  const before = document.activeElement;
  document.body.append(area);
  area.select();
  const done = document.execCommand?.("copy") ?? false;
  area.remove();
  if (before instanceof HTMLElement) before.focus();
  return done;
}
