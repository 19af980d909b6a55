import { createHash } from "node:crypto";
import { existsSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import type { Progress } from "@bindscape/numerics";
import { Random } from "@bindscape/numerics";
import { describe, expect, it } from "vitest";
import { type DownloadOptions, downloadFile, hashFile } from "../src/download.node.js";
import { expectError, temporaryFolder } from "./helpers.js";
import { cutAfter, serveBytes, startServer } from "./local-server.js";

const folder = temporaryFolder();
const random = new Random(11);
const content = Uint8Array.from({ length: 300_000 }, () => random.integer(256));
const sha256 = createHash("sha256").update(content).digest("hex");
let count = 0;

/** Options for a file of its own, with short waits. */
function optionsFor(url: string, options: Partial<DownloadOptions> = {}): DownloadOptions {
  return {
    url,
    file: join(folder, `file${count++}`),
    bytes: content.length,
    sha256,
    waitMilliseconds: 5,
    ...options,
  };
}

function expectComplete({ file }: DownloadOptions): void {
  expect(Buffer.compare(readFileSync(file), content)).toBe(0);
  expect(existsSync(`${file}.partial`)).toBe(false);
}

function expectNothing({ file }: DownloadOptions, kept = 0): void {
  expect(existsSync(file)).toBe(false);
  const partial = `${file}.partial`;
  expect(existsSync(partial) ? readFileSync(partial).length : 0).toBe(kept);
}

describe("a good server", () => {
  it("gives the file, once", async () => {
    const server = await startServer((request, response) => serveBytes(content, request, response));
    const seen: Progress[] = [];
    const options = optionsFor(`${server.url}/a/b`, { onProgress: (progress) => seen.push(progress) });
    expect(await downloadFile(options)).toBe(true);
    expectComplete(options);
    expect(await hashFile(options.file)).toBe(sha256);
    expect(server.requests).toEqual([{ path: "/a/b", range: undefined, encoding: "identity" }]);
    expect(seen.at(-1)).toEqual({
      task: `downloading file${count - 1}`,
      done: 300_000,
      total: 300_000,
      unit: "bytes",
    });
    expect(seen.every(({ done }, i) => i === 0 || done > seen[i - 1].done)).toBe(true);
    expect(await downloadFile(options)).toBe(false);
    expect(server.requests).toHaveLength(1);
  });

  it("is asked again where the file was damaged", async () => {
    const server = await startServer((request, response) => serveBytes(content, request, response));
    const options = optionsFor(server.url);
    writeFileSync(options.file, content.toReversed());
    expect(await downloadFile(options)).toBe(true);
    expectComplete(options);
  });

  it("may redirect, may not say how long the file is, and the folder may be missing", async () => {
    const server = await startServer((request, response) => {
      if (request.url === "/old") response.writeHead(302, { location: "/new" }).end();
      else {
        response.write(content.subarray(0, 1000));
        response.end(content.subarray(1000));
      }
    });
    const options = optionsFor(`${server.url}/old`, {
      bytes: undefined,
      file: join(folder, "new", "folders", "file"),
    });
    await downloadFile(options);
    expectComplete(options);
    expect(server.requests.map(({ path }) => path)).toEqual(["/old", "/new"]);
  });
});

describe("a download that stops half-way", () => {
  it("goes on where the connection was cut", async () => {
    const server = await startServer((request, response, number) => {
      if (number < 4) cutAfter(70_000, content, request, response);
      else serveBytes(content, request, response);
    });
    const options = optionsFor(server.url);
    await downloadFile(options);
    expectComplete(options);
    expect(server.requests.map(({ range }) => range)).toEqual([
      undefined,
      "bytes=70000-",
      "bytes=140000-",
      "bytes=210000-",
    ]);
  });

  it("goes on in the next call, after giving up", async () => {
    let isCutting = true;
    const server = await startServer((request, response) => {
      if (isCutting) cutAfter(50_000, content, request, response);
      else serveBytes(content, request, response);
    });
    const options = optionsFor(server.url, { attempts: 2 });
    await expectError(
      () => downloadFile(options),
      server.url,
      "after 2 attempts",
      "goes on where it stopped",
    );
    expectNothing(options, 100_000);
    isCutting = false;
    await downloadFile(options);
    expectComplete(options);
    expect(server.requests.at(-1)!.range).toBe("bytes=100000-");
  });

  it("starts again where ranges are ignored", async () => {
    const server = await startServer((request, response, number) => {
      delete request.headers.range;
      if (number === 1) cutAfter(70_000, content, request, response);
      else serveBytes(content, request, response);
    });
    const options = optionsFor(server.url);
    await downloadFile(options);
    expectComplete(options);
    expect(server.requests.map(({ range }) => range)).toEqual([undefined, "bytes=70000-"]);
  });

  it("starts again where the server will not go on (416), or goes on elsewhere", async () => {
    for (const answer of [416, 206]) {
      const server = await startServer((request, response) => {
        if (request.headers.range === undefined) serveBytes(content, request, response);
        else if (answer === 416) response.writeHead(416).end();
        else response.writeHead(206, { "content-range": "bytes 0-299999/300000" }).end(content);
      });
      const options = optionsFor(server.url);
      writeFileSync(`${options.file}.partial`, content.subarray(0, 1000));
      await downloadFile(options);
      expectComplete(options);
      expect(server.requests.map(({ range }) => range)).toEqual(["bytes=1000-", undefined]);
    }
  });

  it("starts again once where what was there was of another file", async () => {
    for (const left of [1000, 300_000, 400_000]) {
      const server = await startServer((request, response) => serveBytes(content, request, response));
      const options = optionsFor(server.url);
      writeFileSync(`${options.file}.partial`, new Uint8Array(left));
      await downloadFile(options);
      expectComplete(options);
      expect(server.requests.length).toBeLessThanOrEqual(2);
    }
  });

  it("needs no network where all was there but the name", async () => {
    const options = optionsFor("http://127.0.0.1:1/nobody");
    writeFileSync(`${options.file}.partial`, content);
    await downloadFile(options);
    expectComplete(options);
  });

  it("gives up on a connection that stalls, and goes on", async () => {
    const server = await startServer((request, response, number) => {
      if (number > 1) return serveBytes(content, request, response);
      response.writeHead(200, { "content-length": content.length });
      response.write(content.subarray(0, 60_000));
    });
    const options = optionsFor(server.url, { stallMilliseconds: 150 });
    await downloadFile(options);
    expectComplete(options);
    expect(server.requests.map(({ range }) => range)).toEqual([undefined, "bytes=60000-"]);
  });

  it("waits for a slow server that keeps sending", async () => {
    const server = await startServer((_, response) => {
      response.writeHead(200, { "content-length": content.length });
      let sent = 0;
      const timer = setInterval(() => {
        response.write(content.subarray(sent, sent + 30_000));
        sent += 30_000;
        if (sent >= content.length) {
          clearInterval(timer);
          response.end();
        }
      }, 40);
    });
    const options = optionsFor(server.url, { stallMilliseconds: 300 });
    await downloadFile(options);
    expectComplete(options);
    expect(server.requests).toHaveLength(1);
  });

  it("stops when it is told to, and keeps what it has", async () => {
    const server = await startServer((_, response) => {
      response.writeHead(200, { "content-length": content.length });
      response.write(content.subarray(0, 60_000));
    });
    const controller = new AbortController();
    const reason = new Error("Ctrl-C");
    const options = optionsFor(server.url, {
      signal: controller.signal,
      onProgress: ({ done }) => done === 60_000 && controller.abort(reason),
    });
    await expect(downloadFile(options)).rejects.toBe(reason);
    expectNothing(options, 60_000);
    await expect(downloadFile(options)).rejects.toBe(reason);
    expect(server.requests).toHaveLength(1);
  });
});

describe("a server in trouble", () => {
  it("is asked again (500, 503, 429)", async () => {
    const server = await startServer((request, response, number) => {
      if (number < 4) response.writeHead([500, 503, 429][number - 1]).end("no");
      else serveBytes(content, request, response);
    });
    const options = optionsFor(server.url);
    writeFileSync(`${options.file}.partial`, content.subarray(0, 1000));
    await downloadFile(options);
    expectComplete(options);
    expect(server.requests.map(({ range }) => range)).toEqual(Array(4).fill("bytes=1000-"));
  });

  it("is given up in the end", async () => {
    const server = await startServer((_, response) => response.writeHead(500).end());
    const options = optionsFor(server.url, { attempts: 3 });
    await expectError(() => downloadFile(options), server.url, "the server said 500", "after 3 attempts");
    expect(server.requests).toHaveLength(3);
    expectNothing(options);
  });

  it("is not asked twice for what it does not have (404)", async () => {
    const server = await startServer((_, response) => response.writeHead(404).end("404: Not Found"));
    const options = optionsFor(`${server.url}/gone`);
    await expectError(
      () => downloadFile(options),
      `${server.url}/gone: the server said 404 Not Found`,
      "check the address",
    );
    expect(server.requests).toHaveLength(1);
    expectNothing(options);
  });

  it("that gives something else is refused, and nothing is kept", async () => {
    const other = content.toReversed();
    const found = createHash("sha256").update(other).digest("hex");
    const server = await startServer((request, response) => serveBytes(other, request, response));
    const options = optionsFor(server.url);
    await expectError(
      () => downloadFile(options),
      `${options.file}: `,
      `has the SHA-256 ${found}; expected 300000 bytes with the SHA-256 ${sha256}`,
      "Nothing was kept",
    );
    expectNothing(options);
    expect(server.requests).toHaveLength(1);
  });

  it("that gives a page in place of the file is refused at once", async () => {
    const server = await startServer((_, response) => response.end("<html>Please sign in</html>"));
    const options = optionsFor(server.url);
    await expectError(
      () => downloadFile(options),
      `what ${server.url} gave is 27 bytes long; expected 300000 bytes`,
      "sign-in page",
    );
    expectNothing(options);
    expect(server.requests).toHaveLength(1);
  });

  it("that compresses although it should not is understood", async () => {
    const server = await startServer((_, response) => {
      const packed = gzipSync(content);
      response.writeHead(200, { "content-encoding": "gzip", "content-length": packed.length }).end(packed);
    });
    const options = optionsFor(server.url);
    await downloadFile(options);
    expectComplete(options);
  });

  it("that never ends is stopped at the length known", async () => {
    const server = await startServer((_, response) => {
      const timer = setInterval(() => response.write(new Uint8Array(100_000)), 2);
      response.on("close", () => clearInterval(timer));
    });
    const options = optionsFor(server.url);
    await expectError(() => downloadFile(options), "is longer than that; expected 300000 bytes");
    expectNothing(options);
  });

  it("that ends early without saying so is asked for the rest", async () => {
    const server = await startServer((request, response, number) => {
      if (number > 1) serveBytes(content, request, response);
      else {
        response.write(content.subarray(0, 500));
        response.end(content.subarray(500, 999));
      }
    });
    const options = optionsFor(server.url);
    await downloadFile(options);
    expectComplete(options);
    expect(server.requests[1].range).toBe("bytes=999-");
  });
});

/** An address nobody listens at. */
async function closedPort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

describe("no network", () => {
  it("is said at once where a server refuses the connection or its name is unknown", async () => {
    const refused = optionsFor(`http://127.0.0.1:${await closedPort()}/x`, { waitMilliseconds: 60_000 });
    await expectError(
      () => downloadFile(refused),
      "/x: the download failed: the server refused the connection.",
    );
    const unknown = optionsFor("http://bindscape.invalid/x", { waitMilliseconds: 60_000 });
    await expectError(() => downloadFile(unknown), "bindscape.invalid", "the download failed");
    expectNothing(unknown);
  });

  it("is said after the connect timeout where nothing answers", async () => {
    // Accepts connections and stays silent, as a firewall that drops packets looks from here.
    const silent = createServer(() => {});
    await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve));
    const { port } = silent.address() as { port: number };
    const options = optionsFor(`http://127.0.0.1:${port}/x`, {
      connectMilliseconds: 120,
      waitMilliseconds: 60_000,
    });
    await expectError(() => downloadFile(options), "the server did not answer for 0.12 s");
    expectNothing(options);
    silent.close();
  });
});

describe("a disk that cannot take it", () => {
  it.skipIf(!existsSync("/dev/full"))("is full", async () => {
    const server = await startServer((request, response) => serveBytes(content, request, response));
    const options = optionsFor(server.url);
    symlinkSync("/dev/full", `${options.file}.partial`);
    await expectError(
      () => downloadFile(options),
      options.file,
      "the disk is full (ENOSPC)",
      "Free some space",
    );
    expect(existsSync(options.file)).toBe(false);
    expect(server.requests).toHaveLength(1);
  });

  it("has a file where the folder should be", async () => {
    const file = join(folder, "not-a-folder");
    writeFileSync(file, "");
    await expectError(
      () => downloadFile(optionsFor("http://127.0.0.1:1/x", { file: join(file, "x") })),
      "could not be",
    );
  });
});
