/** A length that is known only when the graph runs: `multiple` times the batch size `symbol`. */
export interface FreeDimension {
  readonly symbol: string;
  readonly multiple: number;
}

/** One axis: a fixed length, or a multiple of the free batch size. */
export type Dimension = number | FreeDimension;

/** The lengths of a tensor's axes. At most one of them is free. */
export type Shape = readonly Dimension[];

export function isFree(dimension: Dimension): dimension is FreeDimension {
  return typeof dimension !== "number";
}

export function sameDimension(a: Dimension, b: Dimension): boolean {
  if (isFree(a) || isFree(b)) {
    return isFree(a) && isFree(b) && a.symbol === b.symbol && a.multiple === b.multiple;
  }
  return a === b;
}

export function sameShape(a: Shape, b: Shape): boolean {
  return a.length === b.length && a.every((dimension, axis) => sameDimension(dimension, b[axis]));
}

/** `3`, `N` or `2N`. */
export function formatDimension(dimension: Dimension): string {
  if (!isFree(dimension)) return `${dimension}`;
  return dimension.multiple === 1 ? dimension.symbol : `${dimension.multiple}${dimension.symbol}`;
}

/** `[2N, 32, 975]`. */
export function formatShape(shape: Shape): string {
  return `[${shape.map(formatDimension).join(", ")}]`;
}

/** The sum of two lengths; both free, or both fixed. */
export function addDimensions(a: Dimension, b: Dimension): Dimension {
  if (isFree(a) && isFree(b) && a.symbol === b.symbol) {
    return { symbol: a.symbol, multiple: a.multiple + b.multiple };
  }
  if (!isFree(a) && !isFree(b)) return a + b;
  throw new RangeError(`cannot add the lengths ${formatDimension(a)} and ${formatDimension(b)}`);
}

/** A length times a whole number. */
export function scaleDimension(a: Dimension, by: number): Dimension {
  return isFree(a) ? { symbol: a.symbol, multiple: a.multiple * by } : a * by;
}

/** The number of elements: a fixed number, or a multiple of the free batch size. */
export function elementCount(shape: Shape): Dimension {
  let product: Dimension = 1;
  for (const dimension of shape) {
    if (!isFree(dimension)) product = scaleDimension(product, dimension);
    else if (isFree(product)) throw new RangeError(`${formatShape(shape)} has two free axes`);
    else product = scaleDimension(dimension, product);
  }
  return product;
}

/** The shape as numbers, or null where an axis is free. */
export function fixedShape(shape: Shape): number[] | null {
  return shape.some(isFree) ? null : (shape as readonly number[]).slice();
}

/** The shape as numbers for `batch` samples. */
export function shapeFor(shape: Shape, batch: number): number[] {
  return shape.map((dimension) => (isFree(dimension) ? dimension.multiple * batch : dimension));
}

/** The product of fixed lengths. */
export function product(shape: readonly number[]): number {
  let result = 1;
  for (const length of shape) result *= length;
  return result;
}

/** Numpy's broadcasting rule; null where the shapes do not fit. */
export function broadcastShapes(a: Shape, b: Shape): Shape | null {
  const rank = Math.max(a.length, b.length);
  const result: Dimension[] = [];
  for (let axis = 0; axis < rank; axis++) {
    const inA = a[axis - rank + a.length] ?? 1;
    const inB = b[axis - rank + b.length] ?? 1;
    if (sameDimension(inA, inB) || inB === 1) result.push(inA);
    else if (inA === 1) result.push(inB);
    else return null;
  }
  return result;
}
