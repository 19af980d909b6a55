import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll } from "vitest";

export interface RangeServer {
  /** `http://127.0.0.1:PORT` */
  readonly url: string;
  /** Method and range of every request so far. */
  readonly requests: { readonly method: string; readonly range: string | undefined }[];
}

/** Starts an HTTP server on this machine, stopped after the tests of the file; `number` counts requests from 1. */
export async function startRangeServer(
  answer: (request: IncomingMessage, response: ServerResponse, number: number) => void,
): Promise<RangeServer> {
  const requests: { method: string; range: string | undefined }[] = [];
  const server = createServer((request, response) => {
    requests.push({ method: request.method!, range: request.headers.range });
    answer(request, response, requests.length);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  afterAll(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, requests };
}

/** Start and end (exclusive) of the bytes a request asks for. */
export function rangeOf(request: IncomingMessage, size: number): [number, number] {
  const [, from, to] = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? "")!;
  return [Number(from), Math.min(Number(to) + 1, size)];
}

/** Answers as a good server does. */
export function serveRange(
  bytes: Uint8Array,
  request: IncomingMessage,
  response: ServerResponse,
  headers: Record<string, string> = {},
): void {
  if (request.method === "HEAD") {
    response.writeHead(200, { ...headers, "content-length": bytes.length }).end();
    return;
  }
  const [from, to] = rangeOf(request, bytes.length);
  if (from >= bytes.length) {
    response.writeHead(416, { "content-range": `bytes */${bytes.length}` }).end();
    return;
  }
  response
    .writeHead(206, {
      "content-length": to - from,
      "content-range": `bytes ${from}-${to - 1}/${bytes.length}`,
      ...headers,
    })
    .end(bytes.subarray(from, to));
}
