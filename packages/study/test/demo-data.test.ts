import { createHash } from "node:crypto";
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import type { IncomingMessage, ServerResponse } from "node:http";
import { join } from "node:path";
import { Random } from "@bindscape/numerics";
import { describe, expect, it } from "vitest";
import { type LocateDemoDataOptions, locateDemoData } from "../src/demo-data.node.js";
import { DEMO_FILES, type DemoFile } from "../src/demo-files.js";
import { expectError, findData, temporaryFolder } from "./helpers.js";
import { cutAfter, serveBytes, startServer } from "./local-server.js";

const folder = temporaryFolder();
const original = findData("yeast/original");
let count = 0;
const newFolder = () => join(folder, `cache${count++}`, "bindscape", "yeast");

/** Small files in place of the real ones: two of every study, and the peaks of three factors. */
const contents = new Map<string, Uint8Array>();
const small: DemoFile[] = ["genome.2bit", "motifs.pfm", "Reb1_CX.bed", "Abf1_CX.bed", "Rap1_CX.bed"].map(
  (name, i) => {
    const random = new Random(name);
    const bytes = Uint8Array.from({ length: 20_000 + 1000 * i }, () => random.integer(256));
    contents.set(name, bytes);
    return {
      name,
      factor: name.endsWith("_CX.bed") ? name.slice(0, 4) : undefined,
      repository: "owner/2021-Some_Repository",
      commit: "abc123",
      path: `some folder/${name}`,
      bytes: bytes.length,
      sha256: createHash("sha256").update(bytes).digest("hex"),
      licence: "MIT",
    };
  },
);

type Answer = (bytes: Uint8Array, request: IncomingMessage, response: ServerResponse, number: number) => void;
const serve = (answer: Answer = serveBytes) =>
  startServer((request, response, number) => {
    const name = decodeURIComponent(request.url!.split("/").at(-1)!);
    const bytes = contents.get(name);
    if (bytes === undefined) response.writeHead(404).end();
    else answer(bytes, request, response, number);
  });

const locate = (options: LocateDemoDataOptions) =>
  locateDemoData({
    files: small,
    env: {},
    sharedFolders: [],
    cacheFolder: newFolder(),
    baseUrl: "http://127.0.0.1:1",
    download: { waitMilliseconds: 5 },
    ...options,
  });

/** Writes the small files as the shared data has them. @returns the folder above `yeast/original` */
function makeShared(names = small.map(({ name }) => name)): string {
  const shared = join(folder, `shared${count++}`);
  mkdirSync(join(shared, "yeast", "original"), { recursive: true });
  for (const name of names) writeFileSync(join(shared, "yeast", "original", name), contents.get(name)!);
  return shared;
}

describe("the table of the demo's files", () => {
  it("is of commits and SHA-256, 5.4 MB in all", () => {
    expect(DEMO_FILES).toHaveLength(11);
    for (const { name, repository, commit, path, sha256 } of DEMO_FILES) {
      expect(commit).toMatch(/^[0-9a-f]{40}$/);
      expect(sha256).toMatch(/^[0-9a-f]{64}$/);
      expect(repository).toMatch(/^[\w.-]+\/[\w.-]+$/);
      expect(path.endsWith(name)).toBe(true);
    }
    expect(DEMO_FILES.reduce((sum, { bytes }) => sum + bytes, 0)).toBe(5_422_313);
  });

  it.skipIf(original === null)("is of the files there are", () => {
    for (const { name, bytes, sha256 } of DEMO_FILES) {
      const file = readFileSync(join(original!, name));
      expect([name, file.length, createHash("sha256").update(file).digest("hex")]).toEqual([
        name,
        bytes,
        sha256,
      ]);
    }
  });
});

describe("where the data is looked for", () => {
  it("first BINDSCAPE_DATA, then the shared data, then the cache, then the network", async () => {
    const server = await serve();
    const cacheFolder = newFolder();
    const everything = {
      env: { BINDSCAPE_DATA: makeShared() },
      sharedFolders: [makeShared()],
      cacheFolder,
      baseUrl: server.url,
    };
    expect(await locate(everything)).toEqual({
      folder: join(everything.env.BINDSCAPE_DATA, "yeast", "original"),
      origin: "environment",
    });
    const withShared = { ...everything, env: {} };
    expect(await locate(withShared)).toEqual({
      folder: join(everything.sharedFolders[0], "yeast", "original"),
      origin: "shared",
    });
    expect(server.requests).toHaveLength(0);
    const without = { ...withShared, sharedFolders: [makeShared(["genome.2bit"]), join(folder, "nowhere")] };
    expect(await locate(without)).toEqual({ folder: cacheFolder, origin: "download" });
    expect(await locate(without)).toEqual({ folder: cacheFolder, origin: "cache" });
    expect(server.requests).toHaveLength(small.length);
  });

  it("the cache is where XDG_CACHE_HOME says, else in the home folder", async () => {
    const server = await serve();
    for (const [env, expected] of [
      [
        { XDG_CACHE_HOME: join(folder, "xdg"), HOME: join(folder, "home1") },
        join(folder, "xdg/bindscape/yeast"),
      ],
      [{ HOME: join(folder, "home2") }, join(folder, "home2/.cache/bindscape/yeast")],
      [
        { XDG_CACHE_HOME: "relative", HOME: join(folder, "home3") },
        join(folder, "home3/.cache/bindscape/yeast"),
      ],
    ] as const) {
      const found = await locate({ env, cacheFolder: undefined, baseUrl: server.url });
      expect(found).toEqual({ folder: expected, origin: "download" });
    }
  });

  it("BINDSCAPE_DATA without the files is an error", async () => {
    const env = { BINDSCAPE_DATA: makeShared(["genome.2bit", "motifs.pfm", "Abf1_CX.bed"]) };
    await expectError(() => locate({ env }), "BINDSCAPE_DATA: ", "has no file Reb1_CX.bed", "unset it");
    expect((await locate({ env, factors: ["abf1"] })).folder).not.toBe(null);
    writeFileSync(join(env.BINDSCAPE_DATA, "yeast", "original", "genome.2bit"), "short");
    await expectError(() => locate({ env, factors: ["Abf1"] }), "genome.2bit", "has 5 bytes, not 20000");
    await expectError(() => locate({ env: { BINDSCAPE_DATA: join(folder, "nowhere") } }), "BINDSCAPE_DATA");
  });

  it("only the files of the factors asked for", async () => {
    const server = await serve();
    const cacheFolder = newFolder();
    await locate({ factors: ["Rap1", "reb1"], cacheFolder, baseUrl: server.url });
    expect(
      readdirSync(cacheFolder)
        .filter((name) => !name.startsWith("."))
        .sort(),
    ).toEqual(["Rap1_CX.bed", "Reb1_CX.bed", "genome.2bit", "motifs.pfm"]);
    expect(server.requests[0].path).toBe("/owner/2021-Some_Repository/abc123/some%20folder/genome.2bit");
    expect((await locate({ factors: [], cacheFolder })).folder).toBe(cacheFolder);
    const all = await locate({ cacheFolder, baseUrl: server.url });
    expect(all).toEqual({ folder: cacheFolder, origin: "download" });
    expect(server.requests).toHaveLength(5);
    await expectError(
      () => locate({ factors: ["Gal4"] }),
      'no demo data for the factor "Gal4"',
      "one of Reb1, Abf1, Rap1",
    );
  });
});

describe("the cache", () => {
  it("is checked once, and again when a file has changed", async () => {
    const server = await serve();
    const cacheFolder = newFolder();
    mkdirSync(cacheFolder, { recursive: true });
    // Files that lie there already are taken over after a look at their hash.
    for (const { name } of small) writeFileSync(join(cacheFolder, name), contents.get(name)!);
    expect(await locate({ cacheFolder })).toEqual({ folder: cacheFolder, origin: "cache" });
    const notes = JSON.parse(readFileSync(join(cacheFolder, ".verified.json"), "utf8"));
    expect(Object.keys(notes).sort()).toEqual(small.map(({ name }) => name).sort());

    // Damaged without a trace in size and time: trusted, since it was checked.
    const damaged = join(cacheFolder, "motifs.pfm");
    const { atime, mtime } = statSync(damaged);
    writeFileSync(damaged, contents.get("motifs.pfm")!.toReversed());
    utimesSync(damaged, atime, mtime);
    const note = notes["motifs.pfm"];
    notes["motifs.pfm"] = { ...note, modifiedMilliseconds: statSync(damaged).mtimeMs };
    writeFileSync(join(cacheFolder, ".verified.json"), JSON.stringify(notes));
    expect((await locate({ cacheFolder })).folder).toBe(cacheFolder);

    // With another time it is looked at again, and fetched again.
    utimesSync(damaged, atime, new Date(mtime.getTime() + 5000));
    expect(await locate({ cacheFolder, baseUrl: server.url })).toEqual({
      folder: cacheFolder,
      origin: "download",
    });
    expect(server.requests.map(({ path }) => path.split("/").at(-1))).toEqual(["motifs.pfm"]);
    expect(Buffer.compare(readFileSync(damaged), contents.get("motifs.pfm")!)).toBe(0);
  });

  it("with unreadable notes is checked anew", async () => {
    for (const text of ["", "not JSON", "null", "[]", '{"genome.2bit":3}']) {
      const cacheFolder = newFolder();
      mkdirSync(cacheFolder, { recursive: true });
      for (const { name } of small) writeFileSync(join(cacheFolder, name), contents.get(name)!);
      writeFileSync(join(cacheFolder, ".verified.json"), text);
      expect(await locate({ cacheFolder })).toEqual({ folder: cacheFolder, origin: "cache" });
    }
  });
});

describe("the download", () => {
  it("tells how far it is over all files", async () => {
    const server = await serve();
    const seen: { done: number; total: number }[] = [];
    await locate({ baseUrl: `${server.url}/`, onProgress: ({ done, total }) => seen.push({ done, total }) });
    const total = small.reduce((sum, { bytes }) => sum + bytes, 0);
    expect(seen.at(-1)).toEqual({ done: total, total });
    expect(seen.every(({ done }, i) => i === 0 || done > seen[i - 1].done)).toBe(true);
  });

  it("survives connections that are cut", async () => {
    const server = await serve((bytes, request, response, number) =>
      number % 2 === 1 ? cutAfter(5000, bytes, request, response) : serveBytes(bytes, request, response),
    );
    const cacheFolder = newFolder();
    expect(await locate({ cacheFolder, baseUrl: server.url })).toEqual({
      folder: cacheFolder,
      origin: "download",
    });
    expect(server.requests.filter(({ range }) => range === "bytes=5000-")).toHaveLength(small.length);
    for (const { name } of small)
      expect(Buffer.compare(readFileSync(join(cacheFolder, name)), contents.get(name)!)).toBe(0);
  });

  it("goes on with the missing files next time", async () => {
    let left = 2;
    const server = await serve((bytes, request, response) =>
      left-- > 0 ? serveBytes(bytes, request, response) : response.destroy(),
    );
    const cacheFolder = newFolder();
    expect((await locate({ cacheFolder, baseUrl: server.url })).folder).toBe(null);
    left = Number.POSITIVE_INFINITY;
    const before = server.requests.length;
    expect((await locate({ cacheFolder, baseUrl: server.url })).folder).toBe(cacheFolder);
    expect(server.requests.length - before).toBe(small.length - 2);
  });

  const failures: [what: string, answer: Answer | null, reason: RegExp][] = [
    ["nobody there", null, /the download failed: /],
    [
      "404",
      (_, __, response) => response.writeHead(404).end(),
      /genome\.2bit: the server said 404 Not Found\.$/,
    ],
    [
      "wrong contents",
      (bytes, request, response) => serveBytes(bytes.toReversed(), request, response),
      /genome\.2bit: what http.* gave has the SHA-256 [0-9a-f]{64}\.$/,
    ],
    [
      "a sign-in page",
      (_, __, response) => response.end("<html>Please sign in</html>"),
      /gave is 27 bytes long\.$/,
    ],
    ["a server that stays silent", () => {}, /the server did not answer for 0\.1 s\.$/],
    [
      "a server that stalls",
      (bytes, _, response) => response.writeHead(200, { "content-length": bytes.length }).write("x"),
      /the connection stalled for 0\.1 s/,
    ],
  ];
  it.each(failures)("that fails (%s) is one sentence", async (_, answer, reason) => {
    const server = answer === null ? undefined : await serve(answer);
    const cacheFolder = newFolder();
    const found = await locate({
      cacheFolder,
      baseUrl: server?.url ?? "http://127.0.0.1:1",
      download: { waitMilliseconds: 5, connectMilliseconds: 100, stallMilliseconds: 100, attempts: 2 },
    });
    expect(found.folder).toBe(null);
    const text = found.folder === null ? found.reason : "";
    expect(text).toMatch(reason);
    expect(text).not.toContain("\n");
    expect(existsSync(join(cacheFolder, "genome.2bit"))).toBe(false);
  });

  it("that has no place to go is one sentence", async () => {
    const file = join(folder, "a-file");
    writeFileSync(file, "");
    const found = await locate({ cacheFolder: join(file, "bindscape") });
    expect(found.folder === null && found.reason).toMatch(/could not be|not a folder/);
  });

  it("that is interrupted throws what it was interrupted with", async () => {
    const controller = new AbortController();
    const server = await serve(() => controller.abort(new Error("Ctrl-C")));
    await expect(locate({ baseUrl: server.url, signal: controller.signal })).rejects.toThrow("Ctrl-C");
  });
});

describe("the real files, from a server", () => {
  it.skipIf(original === null)("arrive as they are published", async () => {
    const server = await startServer((request, response, number) => {
      const bytes = readFileSync(join(original!, decodeURIComponent(request.url!.split("/").at(-1)!)));
      if (number === 1) cutAfter(1_000_000, bytes, request, response);
      else serveBytes(bytes, request, response);
    });
    const cacheFolder = newFolder();
    const found = await locateDemoData({
      factors: ["Reb1", "Mbp1"],
      env: {},
      sharedFolders: [],
      cacheFolder,
      baseUrl: server.url,
      download: { waitMilliseconds: 5 },
    });
    expect(found).toEqual({ folder: cacheFolder, origin: "download" });
    expect(server.requests.map(({ path }) => path)).toContain(
      "/CEGRcode/2021-Rossi_Nature/650fd9e7fa4142580b31440323de5d3748c9e71b/04_ChExMix_Peaks/Mbp1_CX.bed",
    );
    expect(server.requests).toHaveLength(6);
    const copy = join(folder, "copy");
    cpSync(cacheFolder, copy, { recursive: true });
    expect(readdirSync(copy)).toContain("single_sequences.2bit");
  });
});
