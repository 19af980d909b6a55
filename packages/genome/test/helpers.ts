import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { BindscapeError } from "@bindscape/numerics";
import { afterAll, expect } from "vitest";
import { MemorySource } from "../src/byte-source.js";
import { type FileSource, openFile } from "../src/byte-source.node.js";

/** A file of the shared data, or null, said loudly: the tests that need it are skipped. */
export function findData(path: string): string | null {
  const root = resolve(import.meta.dirname, "../../..");
  const file = resolve(process.env.BINDSCAPE_DATA ?? resolve(root, "../shared/data"), path);
  if (existsSync(file)) return file;
  console.warn(`SKIPPED: tests that need ${path}; set BINDSCAPE_DATA to the folder of shared data`);
  return null;
}

export function textSource(text: string, name = "test.txt"): MemorySource {
  return new MemorySource(new TextEncoder().encode(text), name);
}

export async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}

/** Asserts that work fails with a BindscapeError of exactly this message. */
export async function expectError(work: () => unknown, message: string): Promise<void> {
  const error = await Promise.resolve()
    .then(work)
    .then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
  expect(error).toBeInstanceOf(BindscapeError);
  expect((error as BindscapeError).message).toBe(message);
}

const opened: FileSource[] = [];
afterAll(async () => {
  for (const file of opened.splice(0)) await file.close();
});

/** Opens a file that is closed after the tests of this file. */
export async function openTestFile(path: string): Promise<FileSource> {
  const file = await openFile(path);
  opened.push(file);
  return file;
}
