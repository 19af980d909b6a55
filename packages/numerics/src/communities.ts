import { BindscapeError } from "./error.js";
import type { Random } from "./random.js";

/** An undirected graph in compressed rows; every edge stands in the rows of both its nodes with the same weight. */
export interface WeightedGraph {
  /** Number of nodes. */
  readonly nodes: number;
  /** Row of node i: from `starts[i]` to `starts[i + 1]`; one more than nodes. */
  readonly starts: Uint32Array;
  /** Other node of each edge; not the node itself. */
  readonly neighbours: Uint32Array;
  /** Above 0. */
  readonly weights: Float64Array;
}

export interface CommunityOptions {
  /** Draws the order in which nodes are looked at. */
  readonly random: Random;
  /** Above 1 for more and smaller communities. Default 1. */
  readonly resolution?: number;
  /** Times the whole search is run from other orders, the best one counting. Default 1. */
  readonly runs?: number;
}

/** A graph whose nodes may stand for several of the one below: `own` is the weight within a node, edges counted twice. */
interface Network extends WeightedGraph {
  readonly own: Float64Array;
  /** Sum of a node's edge weights, `own` included. */
  readonly strength: Float64Array;
  /** Sum of all strengths: twice the graph's weight. */
  readonly total: number;
}

/**
 * Communities by modularity with the Leiden algorithm (Traag, Waltman and van Eck 2019): nodes move to the neighbouring
 * community of the largest gain, communities are refined into well-connected parts, and the parts become the nodes of a
 * smaller graph, until nothing moves. Every community is connected. Of equal gains the first is taken, so that the same
 * seed gives the same communities.
 *
 * @returns community of each node, numbered by size, the largest 0
 * @throws BindscapeError for a graph whose rows are not symmetric in number or hold weights that are not above 0
 */
export function findCommunities(graph: WeightedGraph, options: CommunityOptions): Uint32Array {
  const { random, resolution = 1, runs = 1 } = options;
  checkGraph(graph);
  let best = Uint32Array.from({ length: graph.nodes }, (_, i) => i);
  let bestQuality = Number.NEGATIVE_INFINITY;
  for (let run = 0; run < runs; run++) {
    const found = runLeiden(graph, resolution, random);
    const quality = modularity(graph, found, resolution);
    if (quality > bestQuality + 1e-12) [best, bestQuality] = [found, quality];
  }
  return numberBySize(best);
}

/** Newman's modularity of communities: sum of (weight within) / W - resolution x (strength / W)^2, W the sum of strengths. */
export function modularity(graph: WeightedGraph, communities: ArrayLike<number>, resolution = 1): number {
  const { total, strength } = makeNetwork(graph);
  if (total === 0) return 0;
  const strengths = new Map<number, number>();
  let within = 0;
  for (let node = 0; node < graph.nodes; node++) {
    const own = communities[node];
    strengths.set(own, (strengths.get(own) ?? 0) + strength[node]);
    for (let at = graph.starts[node]; at < graph.starts[node + 1]; at++) {
      if (communities[graph.neighbours[at]] === own) within += graph.weights[at];
    }
  }
  let expected = 0;
  for (const value of strengths.values()) expected += (value / total) ** 2;
  return within / total - resolution * expected;
}

function runLeiden(graph: WeightedGraph, resolution: number, random: Random): Uint32Array<ArrayBuffer> {
  let network = makeNetwork(graph);
  // Node of the present network that each node of the graph is part of.
  let place = Uint32Array.from({ length: graph.nodes }, (_, i) => i);
  let community = place.slice();
  for (;;) {
    const moved = moveNodes(network, community, resolution, random);
    const distinct = countDistinct(community);
    if (!moved || distinct === network.nodes) break;
    const refined = refine(network, community, resolution, random);
    const parts = compact(refined);
    // Where no part could be joined, the communities themselves become the nodes, so that the search ends.
    const nodes = parts.count < network.nodes ? parts : compact(community);
    const next = aggregate(network, nodes.of, nodes.count);
    const nextCommunity = new Uint32Array(nodes.count);
    for (let node = 0; node < network.nodes; node++) nextCommunity[nodes.of[node]] = community[node];
    const renumbered = compact(nextCommunity).of;
    place = place.map((node) => nodes.of[node]);
    network = next;
    community = renumbered;
  }
  return place.map((node) => community[node]);
}

/** Local moving with a queue of nodes whose surroundings changed. @returns whether a node moved */
function moveNodes(network: Network, community: Uint32Array, resolution: number, random: Random): boolean {
  const { nodes, starts, neighbours, weights, strength, total } = network;
  const strengths = new Float64Array(nodes);
  const sizes = new Uint32Array(nodes);
  for (let node = 0; node < nodes; node++) {
    strengths[community[node]] += strength[node];
    sizes[community[node]]++;
  }
  const empty: number[] = [];
  for (let c = 0; c < nodes; c++) if (sizes[c] === 0) empty.push(c);
  const queue = shuffledNodes(nodes, random);
  const isQueued = new Uint8Array(nodes).fill(1);
  let head = 0;
  let waiting = nodes;
  const toCommunity = new Float64Array(nodes);
  const touched: number[] = [];
  let hasMoved = false;
  while (waiting > 0) {
    const node = queue[head];
    head = head + 1 === nodes ? 0 : head + 1;
    waiting--;
    isQueued[node] = 0;
    touched.length = 0;
    for (let at = starts[node]; at < starts[node + 1]; at++) {
      const c = community[neighbours[at]];
      if (toCommunity[c] === 0) touched.push(c);
      toCommunity[c] += weights[at];
    }
    const own = community[node];
    const pull = (resolution * strength[node]) / total;
    strengths[own] -= strength[node];
    sizes[own]--;
    let best = own;
    let gain = toCommunity[own] - pull * strengths[own];
    for (const c of touched) {
      const other = toCommunity[c] - pull * strengths[c];
      if (other > gain + 1e-12 * strength[node]) [best, gain] = [c, other];
    }
    if (gain < -1e-12 * strength[node] && empty.length > 0) best = empty.pop() as number;
    for (const c of touched) toCommunity[c] = 0;
    strengths[best] += strength[node];
    sizes[best]++;
    if (best === own) continue;
    if (sizes[own] === 0) empty.push(own);
    community[node] = best;
    hasMoved = true;
    for (let at = starts[node]; at < starts[node + 1]; at++) {
      const other = neighbours[at];
      if (isQueued[other] || community[other] === best) continue;
      isQueued[other] = 1;
      queue[(head + waiting) % nodes] = other;
      waiting++;
    }
  }
  return hasMoved;
}

/** Splits communities into parts, each joined from single nodes that are well connected to the rest of their community. */
function refine(network: Network, community: Uint32Array, resolution: number, random: Random): Uint32Array {
  const { nodes, starts, neighbours, weights, strength, total } = network;
  const strengths = new Float64Array(nodes);
  for (let node = 0; node < nodes; node++) strengths[community[node]] += strength[node];
  const part = Uint32Array.from({ length: nodes }, (_, i) => i);
  const partStrength = strength.slice();
  const partSize = new Uint32Array(nodes).fill(1);
  // Weight from each part to the rest of its community.
  const outward = new Float64Array(nodes);
  for (let node = 0; node < nodes; node++) {
    for (let at = starts[node]; at < starts[node + 1]; at++) {
      if (community[neighbours[at]] === community[node]) outward[node] += weights[at];
    }
  }
  const isWellConnected = (p: number, c: number) =>
    outward[p] >= (resolution * partStrength[p] * (strengths[c] - partStrength[p])) / total - 1e-12;
  const toPart = new Float64Array(nodes);
  const touched: number[] = [];
  for (const node of shuffledNodes(nodes, random)) {
    const c = community[node];
    if (part[node] !== node || partSize[node] > 1 || !isWellConnected(node, c)) continue;
    touched.length = 0;
    for (let at = starts[node]; at < starts[node + 1]; at++) {
      const other = neighbours[at];
      if (community[other] !== c) continue;
      const p = part[other];
      if (toPart[p] === 0) touched.push(p);
      toPart[p] += weights[at];
    }
    let best = node;
    let gain = 0;
    for (const p of touched) {
      if (p === node || !isWellConnected(p, c)) continue;
      const other = toPart[p] - (resolution * strength[node] * partStrength[p]) / total;
      if (other > gain + 1e-12) [best, gain] = [p, other];
    }
    if (best !== node) {
      part[node] = best;
      partSize[best]++;
      partSize[node] = 0;
      outward[best] += outward[node] - 2 * toPart[best];
      partStrength[best] += strength[node];
      partStrength[node] = 0;
    }
    for (const p of touched) toPart[p] = 0;
  }
  return part;
}

/** The graph whose nodes are parts of another's. */
function aggregate(network: Network, part: Uint32Array, count: number): Network {
  const { starts, neighbours, weights } = network;
  const own = new Float64Array(count);
  const strength = new Float64Array(count);
  const members = membersOf(part, count);
  const rowStarts = new Uint32Array(count + 1);
  const rowNeighbours: number[] = [];
  const rowWeights: number[] = [];
  const toPart = new Float64Array(count);
  for (let p = 0; p < count; p++) {
    const touched: number[] = [];
    for (let m = members.starts[p]; m < members.starts[p + 1]; m++) {
      const node = members.items[m];
      own[p] += network.own[node];
      strength[p] += network.strength[node];
      for (let at = starts[node]; at < starts[node + 1]; at++) {
        const other = part[neighbours[at]];
        if (other === p) own[p] += weights[at];
        else {
          if (toPart[other] === 0) touched.push(other);
          toPart[other] += weights[at];
        }
      }
    }
    touched.sort((a, b) => a - b);
    for (const other of touched) {
      rowNeighbours.push(other);
      rowWeights.push(toPart[other]);
      toPart[other] = 0;
    }
    rowStarts[p + 1] = rowNeighbours.length;
  }
  return {
    nodes: count,
    starts: rowStarts,
    neighbours: Uint32Array.from(rowNeighbours),
    weights: Float64Array.from(rowWeights),
    own,
    strength,
    total: network.total,
  };
}

function makeNetwork(graph: WeightedGraph): Network {
  const strength = new Float64Array(graph.nodes);
  let total = 0;
  for (let node = 0; node < graph.nodes; node++) {
    for (let at = graph.starts[node]; at < graph.starts[node + 1]; at++) strength[node] += graph.weights[at];
    total += strength[node];
  }
  return { ...graph, own: new Float64Array(graph.nodes), strength, total };
}

function membersOf(part: Uint32Array, count: number): { starts: Uint32Array; items: Uint32Array } {
  const starts = new Uint32Array(count + 1);
  for (const p of part) starts[p + 1]++;
  for (let p = 0; p < count; p++) starts[p + 1] += starts[p];
  const next = starts.slice();
  const items = new Uint32Array(part.length);
  for (let node = 0; node < part.length; node++) items[next[part[node]]++] = node;
  return { starts, items };
}

/** Numbers without gaps, in the order of first members. */
function compact(numbers: Uint32Array): { of: Uint32Array<ArrayBuffer>; count: number } {
  const known = new Map<number, number>();
  const of = new Uint32Array(numbers.length);
  numbers.forEach((value, i) => {
    let number = known.get(value);
    if (number === undefined) {
      number = known.size;
      known.set(value, number);
    }
    of[i] = number;
  });
  return { of, count: known.size };
}

function countDistinct(numbers: Uint32Array): number {
  return new Set(numbers).size;
}

function numberBySize(community: Uint32Array): Uint32Array {
  const { of, count } = compact(community);
  const sizes = new Uint32Array(count);
  for (const c of of) sizes[c]++;
  const order = Array.from({ length: count }, (_, c) => c).sort((a, b) => sizes[b] - sizes[a] || a - b);
  const number = new Uint32Array(count);
  order.forEach((c, rank) => {
    number[c] = rank;
  });
  return of.map((c) => number[c]);
}

function shuffledNodes(nodes: number, random: Random): Uint32Array {
  const order = Uint32Array.from({ length: nodes }, (_, i) => i);
  for (let i = nodes - 1; i > 0; i--) {
    const j = random.integer(i + 1);
    const swapped = order[i];
    order[i] = order[j];
    order[j] = swapped;
  }
  return order;
}

function checkGraph({ nodes, starts, neighbours, weights }: WeightedGraph): void {
  const bad = (found: string, expected: string) =>
    new BindscapeError({ source: "communities", found, expected });
  if (
    starts.length !== nodes + 1 ||
    starts[nodes] !== neighbours.length ||
    weights.length !== neighbours.length
  ) {
    throw bad(
      `${starts.length} row starts, ${neighbours.length} neighbours and ${weights.length} weights of ${nodes} nodes`,
      "a row a node, and a weight a neighbour",
    );
  }
  for (let node = 0; node < nodes; node++) {
    for (let at = starts[node]; at < starts[node + 1]; at++) {
      const isEdge = neighbours[at] < nodes && neighbours[at] !== node;
      if (isEdge && weights[at] > 0 && Number.isFinite(weights[at])) continue;
      throw bad(
        `an edge from ${node} to ${neighbours[at]} of weight ${weights[at]}`,
        "other nodes, weights above 0",
      );
    }
  }
}
