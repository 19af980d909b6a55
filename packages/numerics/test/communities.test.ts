import { describe, expect, it } from "vitest";
import { findCommunities, modularity, type WeightedGraph } from "../src/communities.js";
import { Random } from "../src/random.js";

function graphOf(nodes: number, edges: readonly (readonly [number, number, number])[]): WeightedGraph {
  const rows: [number, number][][] = Array.from({ length: nodes }, () => []);
  for (const [a, b, weight] of edges) {
    rows[a].push([b, weight]);
    rows[b].push([a, weight]);
  }
  const starts = new Uint32Array(nodes + 1);
  rows.forEach((row, i) => {
    starts[i + 1] = starts[i] + row.length;
  });
  return {
    nodes,
    starts,
    neighbours: Uint32Array.from(rows.flat().map(([other]) => other)),
    weights: Float64Array.from(rows.flat().map(([, weight]) => weight)),
  };
}

function randomGraph(random: Random, nodes: number, density: number): WeightedGraph {
  const edges: [number, number, number][] = [];
  for (let a = 0; a < nodes; a++) {
    for (let b = a + 1; b < nodes; b++) {
      if (random.uniform() < density) edges.push([a, b, 0.1 + random.uniform()]);
    }
  }
  return graphOf(nodes, edges);
}

/** Newman's definition over all pairs of nodes. */
function modularityByPairs(graph: WeightedGraph, communities: ArrayLike<number>, resolution: number): number {
  const { nodes, starts, neighbours, weights } = graph;
  const matrix = Array.from({ length: nodes }, () => new Array<number>(nodes).fill(0));
  for (let a = 0; a < nodes; a++)
    for (let at = starts[a]; at < starts[a + 1]; at++) matrix[a][neighbours[at]] = weights[at];
  const strength = matrix.map((row) => row.reduce((sum, value) => sum + value, 0));
  const total = strength.reduce((sum, value) => sum + value, 0);
  let quality = 0;
  for (let a = 0; a < nodes; a++)
    for (let b = 0; b < nodes; b++)
      if (communities[a] === communities[b])
        quality += matrix[a][b] / total - (resolution * strength[a] * strength[b]) / total ** 2;
  return quality;
}

/** All ways to split nodes into groups, as restricted growth strings. */
function* partitions(nodes: number): Generator<number[]> {
  const groups = new Array<number>(nodes).fill(0);
  function* fill(at: number, used: number): Generator<number[]> {
    if (at === nodes) {
      yield groups;
      return;
    }
    for (let group = 0; group <= used; group++) {
      groups[at] = group;
      yield* fill(at + 1, Math.max(used, group + 1));
    }
  }
  yield* fill(0, 0);
}

describe("communities", () => {
  it("have the modularity of its definition", () => {
    for (let seed = 0; seed < 20; seed++) {
      const random = new Random(seed);
      const graph = randomGraph(random, 12, 0.4);
      const communities = Array.from({ length: 12 }, () => random.integer(4));
      const resolution = 0.5 + random.uniform();
      expect(modularity(graph, communities, resolution)).toBeCloseTo(
        modularityByPairs(graph, communities, resolution),
        12,
      );
    }
  });

  it("are the best of all ways to split small graphs, or close to it", () => {
    let best = 0;
    for (let seed = 0; seed < 30; seed++) {
      const random = new Random(`small ${seed}`);
      const graph = randomGraph(random, 8, 0.45);
      let highest = Number.NEGATIVE_INFINITY;
      for (const groups of partitions(8)) highest = Math.max(highest, modularity(graph, groups));
      const found = modularity(graph, findCommunities(graph, { random, runs: 10 }));
      expect(found).toBeLessThanOrEqual(highest + 1e-12);
      expect(found).toBeGreaterThan(highest - 0.03);
      if (found > highest - 1e-9) best++;
    }
    expect(best).toBeGreaterThanOrEqual(25);
  });

  it("are those planted", () => {
    const random = new Random(5);
    const group = Array.from({ length: 300 }, (_, i) => (i < 110 ? 0 : i < 200 ? 1 : i < 260 ? 2 : 3));
    const edges: [number, number, number][] = [];
    for (let a = 0; a < 300; a++) {
      for (let b = a + 1; b < 300; b++) {
        if (random.uniform() < (group[a] === group[b] ? 0.4 : 0.02)) edges.push([a, b, 1]);
      }
    }
    const found = findCommunities(graphOf(300, edges), { random, runs: 2 });
    expect([...found]).toEqual(group);
  });

  it("are connected, and the same for the same seed", () => {
    for (let seed = 0; seed < 10; seed++) {
      const graph = randomGraph(new Random(seed), 200, 0.015);
      const found = findCommunities(graph, { random: new Random(seed + 100) });
      expect(findCommunities(graph, { random: new Random(seed + 100) })).toEqual(found);
      const reached = new Set<number>();
      const seen = new Uint8Array(graph.nodes);
      for (let start = 0; start < graph.nodes; start++) {
        if (seen[start]) continue;
        // A second island of the same community would be a disconnected one.
        expect(reached.has(found[start])).toBe(false);
        reached.add(found[start]);
        const stack = [start];
        seen[start] = 1;
        while (stack.length > 0) {
          const node = stack.pop() as number;
          for (let at = graph.starts[node]; at < graph.starts[node + 1]; at++) {
            const other = graph.neighbours[at];
            if (seen[other] || found[other] !== found[start]) continue;
            seen[other] = 1;
            stack.push(other);
          }
        }
      }
    }
  });

  it("of nodes without edges are one each; more of them at a higher resolution", () => {
    expect([...findCommunities(graphOf(4, []), { random: new Random(0) })].sort()).toEqual([0, 1, 2, 3]);
    const graph = randomGraph(new Random(1), 100, 0.1);
    const count = (resolution: number) =>
      new Set(findCommunities(graph, { random: new Random(2), resolution })).size;
    expect(count(4)).toBeGreaterThan(count(1));
    expect(count(0.01)).toBeLessThanOrEqual(count(1));
  });

  it("refuse graphs that are none", () => {
    const graph = graphOf(3, [[0, 1, 1]]);
    const random = new Random(0);
    expect(() => findCommunities({ ...graph, nodes: 4 }, { random })).toThrow(/a row a node/);
    expect(() => findCommunities({ ...graph, weights: graph.weights.map(() => 0) }, { random })).toThrow(
      /weights above 0/,
    );
  });
});
