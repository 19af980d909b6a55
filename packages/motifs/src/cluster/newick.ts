import type { Merge } from "@bindscape/numerics";

/**
 * A tree in the Newick format, as all tree viewers read it. A branch is as long as the heights of its ends differ; leaves have
 * height 0.
 */
export function writeNewick(merges: readonly Merge[], names: readonly string[]): string {
  const items = names.length;
  if (items === 1) return `${quote(names[0])};\n`;
  const height = (cluster: number) => (cluster < items ? 0 : merges[cluster - items].height);
  // Trees may be as deep as there are leaves, so this does not call itself.
  const parts: string[] = [];
  const todo: (string | { cluster: number; above: number })[] = [
    ";\n",
    { cluster: items + merges.length - 1, above: Number.NaN },
  ];
  for (let next = todo.pop(); next !== undefined; next = todo.pop()) {
    if (typeof next === "string") {
      parts.push(next);
      continue;
    }
    const { cluster, above } = next;
    const own = height(cluster);
    const length = Number.isNaN(above) ? "" : `:${Number(Math.max(0, above - own).toPrecision(6))}`;
    if (cluster < items) {
      parts.push(`${quote(names[cluster])}${length}`);
      continue;
    }
    const { left, right } = merges[cluster - items];
    parts.push("(");
    todo.push(`)${length}`, { cluster: right, above: own }, ",", { cluster: left, above: own });
  }
  return parts.join("");
}

/** Names with what the format itself is written in stand in quotes. */
function quote(name: string): string {
  return /^[^\s()[\]':;,]+$/.test(name) ? name : `'${name.replace(/[\r\n]+/g, " ").replaceAll("'", "''")}'`;
}
