import { BindscapeError } from "@bindscape/numerics";
import { NRDB_BACKGROUND, readBackground } from "../background.js";
import { readMemeBackground } from "../formats/meme/background.js";
import { type Background, UNIFORM_BACKGROUND } from "../motif.js";
import { readMotifText } from "../motif-file.node.js";

/**
 * The background that `--bfile` of a comparison names: "--query--" (what the query file states, even where it states none),
 * "--uniform--", "--nrdb--", or a background file of the MEME suite, of which the single letters count.
 *
 * @param queries the query file; null where there is none
 * @throws BindscapeError where a file cannot be read
 */
export async function readQueryBackground(name: string, queries: string | null): Promise<Background> {
  if (name === "--uniform--") return UNIFORM_BACKGROUND;
  if (name === "--nrdb--") return NRDB_BACKGROUND;
  if (name !== "--query--") return readBackground(await readMotifText(name), name).words[0];
  if (queries === null) return UNIFORM_BACKGROUND;
  try {
    return readMemeBackground(await readMotifText(queries), queries);
  } catch (error) {
    // Most formats have no place for a background.
    if (error instanceof BindscapeError) return UNIFORM_BACKGROUND;
    throw error;
  }
}
