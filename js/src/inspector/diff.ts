// What differs between two texts, word by word: a longest common subsequence, after what both begin and end with.

export type Change = ["same" | "gone" | "new", text: string];

const MOST = 1_000_000;

export function diff(before: string, after: string): Change[] {
  const [a, b] = [words(before), words(after)];
  let start = 0;
  while (start < a.length && a[start] === b[start]) start++;
  let end = 0;
  while (end < Math.min(a.length, b.length) - start && a.at(-1 - end) === b.at(-1 - end)) end++;
  const middle = (list: string[]) => list.slice(start, list.length - end);
  return merged([
    ["same", a.slice(0, start).join("")],
    ...between(middle(a), middle(b)),
    ["same", end ? a.slice(-end).join("") : ""],
  ]);
}

const words = (text: string): string[] => text.match(/\s+|[\p{L}\p{N}_]+|./gsu) ?? [];

function between(a: string[], b: string[]): Change[] {
  // Too long to compare word by word: one for the other.
  if (a.length * b.length > MOST) {
    return [
      ["gone", a.join("")],
      ["new", b.join("")],
    ];
  }
  const width = b.length + 1;
  const common = new Uint16Array((a.length + 1) * width);
  for (let i = a.length - 1; i >= 0; i--) {
    for (let j = b.length - 1; j >= 0; j--) {
      const at = i * width + j;
      common[at] =
        a[i] === b[j] ? common[at + width + 1] + 1 : Math.max(common[at + width], common[at + 1]);
    }
  }
  const changes: Change[] = [];
  let [i, j] = [0, 0];
  while (i < a.length || j < b.length) {
    const at = i * width + j;
    if (i < a.length && j < b.length && a[i] === b[j]) {
      changes.push(["same", a[i++]]);
      j++;
    } else if (i < a.length && (j === b.length || common[at + width] >= common[at + 1])) {
      changes.push(["gone", a[i++]]);
    } else {
      changes.push(["new", b[j++]]);
    }
  }
  return changes;
}

function merged(changes: Change[]): Change[] {
  const found: Change[] = [];
  for (const [kind, text] of changes) {
    const last = found.at(-1);
    if (!text) continue;
    if (last?.[0] === kind) last[1] += text;
    else found.push([kind, text]);
  }
  return found;
}
