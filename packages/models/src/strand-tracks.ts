/**
 * The track that stands for a track on the other strand: names ending in _fwd and _rev change places, where there
 * are both; others stay.
 * @param names tracks there are
 */
export function otherStrandTrack(name: string, names: readonly string[]): string {
  const other = /_fwd$/.test(name) ? name.replace(/_fwd$/, "_rev") : name.replace(/_rev$/, "_fwd");
  return names.includes(other) ? other : name;
}
