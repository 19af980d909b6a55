import {
  type Build,
  countPredictionWork,
  type SharedOverlapNetwork,
  shareOverlap,
} from "@bindscape/gradient";
import type { WindowPlan, WindowRequest } from "@bindscape/study";
import type { ModelDefinition, NetworkContext } from "../model-definition.js";
import { buildSharedOverlap } from "./shared-overlap.js";
import { cutStretches, planStretches, type StretchPlan } from "./stretches.js";

/** How a request is predicted so that what windows have in common is computed once. */
export interface SharedPath {
  /** Inputs "stretch", "starts" and "features"; output "probability". */
  readonly build: Build;
  readonly stretches: StretchPlan;
  /** bp that "starts" are counted in. */
  readonly startUnit: number;
  /** Convolutions behind one another that are shared; null where the architecture has its own two parts. */
  readonly depth: number | null;
}

/**
 * What sharing pays for a request: the architecture's own two parts where it has them, else what its graph shares;
 * null where windows are better computed by themselves.
 */
export function chooseSharedPath(
  definition: Pick<ModelDefinition, "build" | "sharedOverlap">,
  options: unknown,
  context: NetworkContext,
  request: WindowRequest,
): SharedPath | null {
  const { plan } = context;
  const parts = definition.sharedOverlap?.(options, context, request.binStarts.length);
  if (!parts) return shareNetwork(definition.build(options, context), plan, request);
  const stretches = planStretches(request, plan.windowLength, plan.binSize, parts);
  if (stretches === null) return null;
  return { build: buildSharedOverlap(parts, plan, stretches.length), stretches, startUnit: 1, depth: null };
}

/** Windows a stretch: the more, the fewer bases are computed twice where stretches end. */
const WINDOWS_A_STRETCH = [128, 64, 32, 16, 8];

/** Values of the largest tensor of a stretch: 64 MiB, a few times that in all. */
const MOST_VALUES = 2 ** 24;

/** The share of the work window by window that must be saved to make up for gathering and smaller products. */
const LEAST_SAVING = 0.2;

/** Stretches, and convolutions to share, that cost a request least; null where that saves too little. */
export function shareNetwork(build: Build, plan: WindowPlan, request: WindowRequest): SharedPath | null {
  const outputs = ["probability"];
  const windows = request.binStarts.length;
  const single = countPredictionWork(build, outputs);
  // Such a network is refused, or goes through a window at a time, where windows are computed by themselves.
  if (single.largestPerSample > MOST_VALUES) return null;
  let least = windows * single.perSample * (1 - LEAST_SAVING);
  let best: { network: SharedOverlapNetwork; stretches: StretchPlan } | null = null;
  for (const stretches of cutStretches(request, plan.windowLength, plan.binSize, WINDOWS_A_STRETCH)) {
    const { length, phase, largest } = stretches;
    for (const network of everyDepth(build, { length, phase, outputs })) {
      const { fixed, perSample, largestFixed, largestPerSample } = network.work;
      const cost = stretches.stretches.length * fixed + windows * perSample;
      if (cost > least || Math.max(largestFixed, largest * largestPerSample) > MOST_VALUES) continue;
      least = cost;
      best = { network, stretches };
    }
  }
  if (best === null) return null;
  const { network, stretches } = best;
  return { build: network.build, stretches, startUnit: stretches.phase, depth: network.depth };
}

/** A network shared as far as can be, then with one convolution less behind one another, and so on. */
function* everyDepth(
  build: Build,
  options: Omit<Parameters<typeof shareOverlap>[1], "depth">,
): Generator<SharedOverlapNetwork> {
  for (let depth = Number.POSITIVE_INFINITY; depth >= 0; ) {
    const network = shareOverlap(build, { ...options, depth });
    if (network === null) return;
    yield network;
    depth = network.depth - 1;
  }
}
