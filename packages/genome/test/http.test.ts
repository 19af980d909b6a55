import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Random } from "@bindscape/numerics";
import { describe, expect, it } from "vitest";
import { readBed } from "../src/bed/read.js";
import { openBigWig } from "../src/bigwig/open.node.js";
import { MemorySource } from "../src/byte-source.js";
import { fileNameOf } from "../src/http/file-name.js";
import { HttpSource, isAddress } from "../src/http/http-source.js";
import { openSource } from "../src/open-source.node.js";
import { expectError, findData } from "./helpers.js";
import { rangeOf, serveRange, startRangeServer } from "./range-server.js";

const random = new Random("http");
const bytes = Uint8Array.from({ length: 300_001 }, () => random.integer(256));
const quick = { waitMilliseconds: 1, silenceMilliseconds: 5_000 };

describe("HttpSource", () => {
  it("reads what memory reads, whatever the ranges, with a cache of any size", async () => {
    const { url } = await startRangeServer((request, response) => serveRange(bytes, request, response));
    const memory = new MemorySource(bytes);
    for (const cacheSize of [0, 4_096, 40_000, 1 << 20]) {
      const source = await HttpSource.open(`${url}/a.bin`, { ...quick, blockLength: 1_000, cacheSize });
      expect([source.name, await source.size()]).toEqual([`${url}/a.bin`, bytes.length]);
      const reads = Array.from({ length: 60 }, () => {
        const offset = random.integer(bytes.length + 1);
        return [offset, Math.min(bytes.length - offset, random.integer(random.integer(30_000) + 1))];
      });
      reads.push([0, bytes.length], [bytes.length, 0], [bytes.length - 1, 1]);
      const found = await Promise.all(reads.map(([offset, length]) => source.read(offset, length)));
      for (const [i, [offset, length]] of reads.entries()) {
        expect(Buffer.compare(found[i], await memory.read(offset, length))).toBe(0);
      }
    }
  });

  it("asks once for neighbouring blocks and for reads at the same time, and keeps what it has", async () => {
    const { url, requests } = await startRangeServer((request, response) =>
      serveRange(bytes, request, response),
    );
    const source = await HttpSource.open(url, { ...quick, blockLength: 1_000 });
    await Promise.all([source.read(5_500, 3_000), source.read(6_000, 10), source.read(7_999, 2)]);
    await source.read(500, 400);
    await source.read(5_000, 4_000);
    await source.read(8_000, 2_000);
    expect(requests.map(({ range }) => range)).toEqual(["bytes=0-999", "bytes=5000-8999", "bytes=9000-9999"]);
    await expectError(
      () => source.read(300_000, 2),
      `${url}, offset 300000: 2 bytes from there end past the end of the file (300001 bytes). The file is truncated or corrupt: fetch or make it again.`,
    );
  });

  it("asks again after cut connections and servers' trouble", async () => {
    const { url, requests } = await startRangeServer((request, response, number) => {
      if (number % 4 === 1) response.writeHead(503).end();
      else if (number % 4 === 2) request.socket.destroy();
      else if (number % 4 === 3) {
        const [from, to] = rangeOf(request, bytes.length);
        response.writeHead(206, {
          "content-length": to - from,
          "content-range": `bytes ${from}-${to - 1}/${bytes.length}`,
        });
        response.write(bytes.subarray(from, from + (to - from) / 2), () => {
          setTimeout(() => response.destroy(), 20);
        });
      } else serveRange(bytes, request, response);
    });
    const source = await HttpSource.open(url, { ...quick, blockLength: 1_000 });
    expect(await source.read(100_000, 5_000)).toEqual(bytes.slice(100_000, 105_000));
    expect(requests.length).toBe(8);
  });

  it("gives up in the end, saying what was wrong", async () => {
    const { url, requests } = await startRangeServer((_, response) => void response.writeHead(500).end());
    await expectError(
      () => HttpSource.open(url, { ...quick, attempts: 3 }),
      `${url}, offset 0: the server answers 500 Internal Server Error (asked 3 times). Check the address and the connection, or download the file and name it in place of the address.`,
    );
    expect(requests.length).toBe(3);
    const silent = await startRangeServer(() => {});
    await expectError(
      () => HttpSource.open(silent.url, { waitMilliseconds: 1, silenceMilliseconds: 50, attempts: 2 }),
      `${silent.url}, offset 0: the server was silent for 0.05 s (asked 2 times). Check the address and the connection, or download the file and name it in place of the address.`,
    );
    await expect(HttpSource.open("http://127.0.0.1:9/x", { waitMilliseconds: 1 })).rejects.toThrow(
      /127\.0\.0\.1:9\/x, offset 0: no connection/,
    );
  });

  it("refuses at once what asking again does not mend", async () => {
    const { url, requests } = await startRangeServer((request, response) => {
      if (request.url === "/missing") response.writeHead(404).end("no");
      else if (request.url === "/secret") response.writeHead(403).end("no");
      else if (request.url === "/whole") response.writeHead(200, { "content-length": 300_001 }).end(bytes);
      else if (request.url === "/packed")
        serveRange(bytes, request, response, { "content-encoding": "gzip" });
      else if (request.url === "/empty") serveRange(new Uint8Array(0), request, response);
      else if (request.url === "/longer") {
        response.writeHead(206, { "content-range": `bytes 0-65535/${bytes.length}` });
        response.end(bytes);
      } else {
        response.writeHead(206, { "content-range": `bytes 5-9/${bytes.length}`, "content-length": 5 });
        response.end(bytes.subarray(5, 10));
      }
    });
    const open = (path: string) => () => HttpSource.open(url + path, quick);
    await expectError(
      open("/missing"),
      `${url}/missing: the server answers 404 Not Found. There is no such file: check the address.`,
    );
    await expectError(
      open("/secret"),
      `${url}/secret: the server answers 403 Forbidden. The file may not be read without permission: check the address and who may read it.`,
    );
    await expectError(
      open("/whole"),
      `${url}/whole: the server sends the whole file where a part of it was asked for: it does not serve ranges; expected status 206 with the bytes asked for, as they are in the file. Download the file and name it in place of the address, or put it on a server with range requests.`,
    );
    await expectError(
      open("/packed"),
      `${url}/packed: the server compresses what it sends (gzip); expected status 206 with the bytes asked for, as they are in the file. Download the file and name it in place of the address, or put it on a server with range requests.`,
    );
    await expectError(
      open("/longer"),
      `${url}/longer: the server sends more than the 65536 bytes asked for. Download the file and name it in place of the address.`,
    );
    await expectError(
      open("/other"),
      `${url}/other, offset 0: the server answers a request for bytes=0-65535 with bytes 5-9/300001. Download the file and name it in place of the address.`,
    );
    expect(requests.length).toBe(6);
    expect(await (await open("/empty")()).size()).toBe(0);
    for (const address of ["ftp://a/b", "http://", "genome.2bit"]) {
      await expectError(
        () => HttpSource.open(address),
        `${address}: this is not an address; expected http:// or https://, a server and a path.`,
      );
    }
    await expectError(
      () => HttpSource.open("https://me:secret@server.org/a"),
      "server.org: an address with a user name; expected http:// or https://, a server and a path. Give the authorisation as a header.",
    );
  });

  it("notices that the file has changed, by its entity tag or its length", async () => {
    let state = { content: bytes, etag: '"1"' };
    const { url } = await startRangeServer((request, response) =>
      serveRange(state.content, request, response, { etag: state.etag }),
    );
    for (const later of [
      { content: bytes, etag: '"2"' },
      { content: bytes.subarray(0, 200_000), etag: '"1"' },
      { content: bytes.subarray(0, 70_000), etag: '"1"' },
    ]) {
      state = { content: bytes, etag: '"1"' };
      const source = await HttpSource.open(url, quick);
      state = later;
      expect(await source.read(10, 20)).toEqual(bytes.slice(10, 30));
      await expectError(
        () => source.read(150_000, 20),
        `${url}, offset 131072: the file has changed on the server since it was opened. Start again, so that all of it is of one version.`,
      );
    }
  });

  it("asks with HEAD for a length that the answer does not say, and with the headers given", async () => {
    const seen: (string | undefined)[] = [];
    const { url, requests } = await startRangeServer((request, response) => {
      seen.push(request.headers.authorization);
      if (request.method === "HEAD") return serveRange(bytes, request, response);
      const [from, to] = rangeOf(request, bytes.length);
      response.writeHead(206, { "content-length": to - from }).end(bytes.subarray(from, to));
    });
    const source = await HttpSource.open(url, { ...quick, headers: { authorization: "Bearer x" } });
    expect(await source.size()).toBe(bytes.length);
    expect(requests.map(({ method }) => method)).toEqual(["GET", "HEAD"]);
    expect(seen).toEqual(["Bearer x", "Bearer x"]);
  });

  it("stops when it is told to", async () => {
    const { url } = await startRangeServer(() => {});
    const controller = new AbortController();
    const opening = HttpSource.open(url, { signal: controller.signal });
    setTimeout(() => controller.abort(new Error("enough")), 20);
    await expect(opening).rejects.toThrow("enough");
  });
});

it("addresses open wherever paths do", async () => {
  expect(["http://a/b", "HTTPS://a/b", "a/b", "C:\\a", "ftp://a/b"].map(isAddress)).toEqual([
    true,
    true,
    false,
    false,
    false,
  ]);
  expect(fileNameOf("https://a.org/x/y.2bit?token=1.bw")).toBe("/x/y.2bit");
  expect(fileNameOf("x/y?.bed")).toBe("x/y?.bed");
  const text = "chr1\t5\t9\tpeak\n";
  const { url } = await startRangeServer((request, response) =>
    serveRange(new TextEncoder().encode(text), request, response),
  );
  const folder = await mkdtemp(join(tmpdir(), "bindscape-"));
  try {
    await writeFile(join(folder, "a.bed"), text);
    for (const place of [`${url}/a.bed`, join(folder, "a.bed")]) {
      const source = await openSource(place);
      expect(await readBed(source)).toMatchObject([{ chromosome: "chr1", start: 5, end: 9, name: "peak" }]);
      await source.close();
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

const cow = findData("gold/bigwig/bbi/cow.bw");
it.skipIf(cow === null)(
  "a bigWig on a server has the values it has on the disk, of few requests",
  async () => {
    const content = new Uint8Array(await readFile(cow!));
    const { url, requests } = await startRangeServer((request, response) =>
      serveRange(content, request, response),
    );
    const [local, remote] = await Promise.all([openBigWig(cow!), openBigWig(`${url}/cow.bw`)]);
    expect(remote.reader.chromosomes).toEqual(local.reader.chromosomes);
    for (const { name, size } of local.reader.chromosomes.slice(0, 20)) {
      const end = Math.min(size, 200_000);
      const values = await remote.reader.readValues(name, 0, end);
      expect(values).toEqual(await local.reader.readValues(name, 0, end));
    }
    expect(requests.length).toBeLessThan(12);
    local.close();
    remote.close();
  },
);
