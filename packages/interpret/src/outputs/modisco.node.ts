import { join } from "node:path";
import { type NpyArray, unknownBase, writeFileAtomically, writeFolder, writeNpz } from "@bindscape/genome";
import { BindscapeError } from "@bindscape/numerics";
import type { AttributionFile } from "../attribution-file.js";
import { hypotheticalScores } from "../position-scores.js";

/**
 * Writes a folder that TF-MoDISco takes (tfmodisco-lite: `modisco motifs -s one_hot.npz -a hypothetical.npz`): the arrays
 * `arr_0`, [N, 4, L], of `one_hot.npz` (0 and 1; all 0 at unknown bases), `hypothetical.npz` (what every base would
 * contribute) and `contributions.npz` (the same at the base that is there, 0 elsewhere).
 * @returns paths of the files
 * @throws BindscapeError for a method that does not say what other bases would contribute, or a folder that is there
 */
export async function writeModisco(
  file: AttributionFile,
  folder: string,
  overwrite = false,
  rest: Readonly<Record<string, string>> = {},
): Promise<string[]> {
  const arrays = modiscoArrays(file);
  await writeFolder(folder, overwrite, async (partial) => {
    for (const [name, array] of Object.entries(arrays)) {
      await writeFileAtomically(join(partial, name), (sink) =>
        writeNpz(sink, new Map<string, NpyArray>([["arr_0", array]])),
      );
    }
    for (const [name, text] of Object.entries(rest)) await writeFileAtomically(join(partial, name), text);
  });
  return [...Object.keys(arrays), ...Object.keys(rest)].map((name) => join(folder, name));
}

/** The arrays of {@link writeModisco} by file name. */
export function modiscoArrays(file: AttributionFile): Record<string, NpyArray> {
  const { count, length, codes, method } = file;
  const hypothetical = hypotheticalScores(file);
  if (!hypothetical) {
    throw new BindscapeError({
      source: file.source,
      found: `attributions by ${method || "an unknown method"}, which say nothing of bases that are not there`,
      expected: "hypothetical contributions, which TF-MoDISco needs",
      next: "Use deeplift, integrated-gradients, ism, gradient-input or saliency",
    });
  }
  const shape = [count, 4, length];
  const oneHot = new Float32Array(count * 4 * length);
  const contributions = new Float32Array(count * 4 * length);
  for (let row = 0; row < count; row++) {
    for (let k = 0; k < length; k++) {
      const code = codes[row * length + k];
      if (code >= unknownBase) continue;
      const at = (row * 4 + code) * length + k;
      oneHot[at] = 1;
      contributions[at] = hypothetical[at];
    }
  }
  return {
    "one_hot.npz": { shape, data: oneHot },
    "hypothetical.npz": { shape, data: hypothetical },
    "contributions.npz": { shape, data: contributions },
  };
}
