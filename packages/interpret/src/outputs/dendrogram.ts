import { formatCoordinate as at, element } from "@bindscape/models";
import type { Merge } from "@bindscape/numerics";

/**
 * A tree of merges drawn sideways, leaves at the right: markup for a larger picture.
 * @param place y of each item's leaf
 */
export function drawDendrogram(
  merges: readonly Merge[],
  items: number,
  place: (item: number) => number,
  area: { readonly left: number; readonly right: number },
): string {
  if (merges.length === 0) return "";
  const highest = merges[merges.length - 1].height || 1;
  const x = (height: number) => area.right - (height / highest) * (area.right - area.left);
  const at0: { x: number; y: number }[] = Array.from({ length: items }, (_, item) => ({
    x: area.right,
    y: place(item),
  }));
  let path = "";
  for (const { left, right, height } of merges) {
    const [a, b] = [at0[left], at0[right]];
    const joint = x(height);
    path += `M${at(a.x)} ${at(a.y)}H${at(joint)}V${at(b.y)}H${at(b.x)}`;
    at0.push({ x: joint, y: (a.y + b.y) / 2 });
  }
  return element("path", { class: "frame", d: path });
}
