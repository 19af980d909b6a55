import { countBaseChannels, type WindowPlan } from "@bindscape/study";

/**
 * The track that stands for a track on the other strand: names ending in _fwd and _rev change places, where there
 * are both; others stay.
 * @param names tracks there are
 */
export function otherStrandTrack(name: string, names: readonly string[]): string {
  const other = /_fwd$/.test(name) ? name.replace(/_fwd$/, "_rev") : name.replace(/_rev$/, "_fwd");
  return names.includes(other) ? other : name;
}

/** Which channel stands for each channel on the other strand: A-T, C-G, and tracks ending in _fwd and _rev. */
export function reverseComplementChannels(plan: WindowPlan): number[] {
  const bases = countBaseChannels(plan);
  const tracks = plan.tracks.map((name) => bases + plan.tracks.indexOf(otherStrandTrack(name, plan.tracks)));
  return bases > 0 ? [3, 2, 1, 0, ...tracks] : tracks;
}
