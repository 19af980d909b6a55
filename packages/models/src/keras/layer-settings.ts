import { BindscapeError } from "@bindscape/numerics";
import type { SequentialLayer } from "./sequential-model.js";

/** Settings of one layer, under the names of Keras 1 and of Keras 2. */
export class LayerSettings {
  constructor(
    readonly layer: SequentialLayer,
    readonly source: string,
  ) {}

  fail(found: string, expected: string): never {
    const { className, name } = this.layer;
    throw new BindscapeError({
      source: this.source,
      found: `the layer ${className} "${name}" with ${found}`,
      expected,
    });
  }

  /** The first of these names that the layer has a value for. */
  value(...names: readonly string[]): unknown {
    const name = names.find((candidate) => {
      const found = this.layer.config[candidate];
      return found !== undefined && found !== null;
    });
    return name === undefined ? undefined : this.layer.config[name];
  }

  /** A whole number of at least 1; lists of one number count too. */
  count(...names: readonly string[]): number {
    const found = this.value(...names);
    const number = Array.isArray(found) && found.length === 1 ? found[0] : found;
    if (Number.isSafeInteger(number) && (number as number) >= 1) return number as number;
    return this.fail(
      `${names.at(-1)} ${JSON.stringify(found)}`,
      `${names.at(-1)} that is a whole number of at least 1`,
    );
  }

  number(fallback: number, ...names: readonly string[]): number {
    const found = this.value(...names) ?? fallback;
    if (typeof found === "number" && Number.isFinite(found)) return found;
    return this.fail(`${names.at(-1)} ${JSON.stringify(found)}`, "a number");
  }

  /** Two whole numbers: rows and columns. */
  pair(fallback: readonly [number, number], ...names: readonly string[]): [number, number] {
    const found = this.value(...names) ?? fallback;
    const pair = Array.isArray(found) ? found : [found, found];
    if (pair.length === 2 && pair.every((entry) => Number.isSafeInteger(entry) && entry >= 1))
      return [pair[0], pair[1]];
    return this.fail(`${names.at(-1)} ${JSON.stringify(found)}`, "two whole numbers of at least 1");
  }

  /** Refuses what a layer here does not do. */
  refuse(name: string, ...harmless: readonly unknown[]): void {
    const found = this.layer.config[name];
    if (found === undefined || found === null || harmless.includes(found)) return;
    if (Array.isArray(found) && found.every((entry) => harmless.includes(entry))) return;
    this.fail(`${name} ${JSON.stringify(found)}`, `${name} ${harmless.map(String).join(" or ")}`);
  }
}
