import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { writeFileAtomically } from "@bindscape/genome";
import { readSafetensors, type TrainingState, writeSafetensors } from "@bindscape/gradient";
import { BindscapeError } from "@bindscape/numerics";
import { z } from "zod";
import { historyEntrySchema } from "../bundle/history.js";
import type { SavedTraining } from "./epoch-loop.js";

/** Where training stood after a whole epoch, and of what. */
export interface Checkpoint extends SavedTraining {
  /** Hash of inputs and settings: a checkpoint only goes on with the same ones. */
  readonly fingerprint: string;
}

const TENSORS = "checkpoint.safetensors";
const HEADER = "checkpoint.json";

const headerSchema = z.object({
  fingerprint: z.string(),
  history: z.array(historyEntrySchema).min(1),
  bestEpoch: z.int().positive(),
  step: z.int().min(0),
  seed: z.union([z.number(), z.string()]),
  file: z.string().endsWith(TENSORS),
  sha256: z.string(),
});

/** Writes a checkpoint: tensors first, then the header that names their hash, each under a temporary name first. */
export async function writeCheckpoint(folder: string, checkpoint: Checkpoint): Promise<void> {
  const tensors = new Map<string, { shape: number[]; data: Float32Array }>();
  for (const [name, tensor] of checkpoint.state.tensors) tensors.set(`state/${name}`, tensor);
  for (const [name, data] of checkpoint.bestParameters)
    tensors.set(`best/${name}`, { shape: [data.length], data });
  const bytes = writeSafetensors(tensors);
  const hash = createHash("sha256").update(bytes).digest("hex");
  // The file carries its hash in its name, so a kill between the two writes leaves the older pair whole.
  const file = `${hash.slice(0, 16)}.${TENSORS}`;
  await writeFileAtomically(join(folder, file), bytes);
  const { fingerprint, history, bestEpoch, state } = checkpoint;
  const header = { fingerprint, history, bestEpoch, step: state.step, seed: state.seed, file, sha256: hash };
  await writeFileAtomically(join(folder, HEADER), `${JSON.stringify(header, null, 1)}\n`);
  await removeOthers(folder, file);
}

async function removeOthers(folder: string, keep: string): Promise<void> {
  for (const name of await readdir(folder)) {
    if (name.endsWith(TENSORS) && name !== keep) await rm(join(folder, name), { force: true });
  }
}

/**
 * Reads the checkpoint of a training folder, or null where there is none.
 * @throws BindscapeError where it is damaged or belongs to other settings
 */
export async function readCheckpoint(folder: string, fingerprint: string): Promise<Checkpoint | null> {
  const path = join(folder, HEADER);
  if (!existsSync(path)) return null;
  const header = await readHeader(path);
  if (header.fingerprint !== fingerprint) {
    throw new BindscapeError({
      source: path,
      found: "a checkpoint of other settings or other input files",
      expected: "the command, study and files it was started with",
      next: "Give the same options, or train without --resume to start afresh",
    });
  }
  const file = join(folder, header.file.replace(/[/\\]/g, ""));
  const bytes = existsSync(file) ? await readFile(file) : null;
  if (bytes === null || createHash("sha256").update(bytes).digest("hex") !== header.sha256) {
    throw new BindscapeError({
      source: file,
      found: bytes === null ? "no such file" : "contents that do not match their hash",
      expected: "the tensors of the checkpoint",
      next: startAfresh,
    });
  }
  const { tensors } = readSafetensors(bytes, file);
  const bestParameters = new Map<string, Float32Array>();
  const stateTensors: TrainingState["tensors"] = new Map();
  for (const [name, tensor] of tensors) {
    if (name.startsWith("best/")) bestParameters.set(name.slice(5), tensor.data);
    else stateTensors.set(name.slice(6), tensor);
  }
  const { history, bestEpoch, step, seed } = header;
  return { fingerprint, history, bestEpoch, bestParameters, state: { step, seed, tensors: stateTensors } };
}

async function readHeader(path: string): Promise<z.infer<typeof headerSchema>> {
  let value: unknown;
  let cause: unknown;
  try {
    value = JSON.parse(await readFile(path, "utf8"));
  } catch (error) {
    cause = error;
  }
  const result = headerSchema.safeParse(value);
  if (result.success && result.data.bestEpoch <= result.data.history.length) return result.data;
  const issue = result.error?.issues[0];
  throw new BindscapeError({
    source: path,
    found: cause
      ? "not valid JSON"
      : issue
        ? `${issue.path.join(".") || "the file"}: ${issue.message}`
        : "a best epoch that is not in the history",
    expected: "a checkpoint",
    next: startAfresh,
    cause,
  });
}

const startAfresh = "Train without --resume to start afresh";
