import { type Build, largestTensorPerSample } from "@bindscape/gradient";
import { BindscapeError } from "@bindscape/numerics";

/** Most values of one tensor of a batch: 256 MB. */
const MOST_VALUES = 2 ** 26;
/** A network that needs a larger tensor than this for a single window, 1 GB, is refused. */
const MOST_VALUES_OF_A_WINDOW = 2 ** 28;

/**
 * How many windows go through a network at a time: `most`, or fewer, a power of two, where the network's layers hold
 * so many values a window that memory would not suffice.
 * @throws BindscapeError for a network whose layers are too large for a single window, before any memory is taken
 */
export function batchSizeFor(build: Build, most: number): number {
  const values = largestTensorPerSample(build);
  if (values > MOST_VALUES_OF_A_WINDOW) {
    throw new BindscapeError({
      source: "network",
      found: `a layer of ${(values * 4e-9).toPrecision(3)} GB for every window`,
      expected: `at most ${((MOST_VALUES_OF_A_WINDOW * 4) / 1e9).toPrecision(3)} GB`,
      next: "Is this bundle what it should be? Shorter windows or fewer kernels need less",
    });
  }
  let size = most;
  while (size > 1 && values * size > MOST_VALUES) size = Math.ceil(size / 2);
  return size;
}
