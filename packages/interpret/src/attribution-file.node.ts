import { openFile, writeFileAtomically } from "@bindscape/genome";
import { type AttributionFile, readAttributionFile, writeAttributionFile } from "./attribution-file.js";

/** Opens and reads an attribution .npz file; see {@link readAttributionFile}. */
export async function loadAttributionFile(path: string): Promise<AttributionFile> {
  const source = await openFile(path);
  try {
    return await readAttributionFile(source);
  } finally {
    await source.close();
  }
}

/** Writes an attribution .npz file under its final name in one step. */
export async function saveAttributionFile(path: string, file: AttributionFile): Promise<void> {
  await writeFileAtomically(path, (sink) => writeAttributionFile(sink, file));
}
