import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll } from "vitest";

export interface LocalServer {
  /** `http://127.0.0.1:PORT` */
  readonly url: string;
  /** Method, path and Range header of every request so far. */
  readonly requests: { path: string; range: string | undefined; encoding: string | undefined }[];
}

/** Starts an HTTP server on this machine for one test file; stopped at its end, with whatever it still holds open. */
export async function startServer(
  answer: (request: IncomingMessage, response: ServerResponse, number: number) => void,
): Promise<LocalServer> {
  const requests: LocalServer["requests"] = [];
  const server: Server = createServer((request, response) => {
    const encoding = request.headers["accept-encoding"];
    requests.push({ path: request.url!, range: request.headers.range, encoding: encoding?.toString() });
    answer(request, response, requests.length);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  afterAll(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, requests };
}

/** Answers a request for a range with both ends, as readers of parts of files make them. */
export function servePart(bytes: Uint8Array, request: IncomingMessage, response: ServerResponse): void {
  const [, from, to] = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? "")!;
  const part = bytes.subarray(Number(from), Number(to) + 1);
  const range = `bytes ${from}-${Number(from) + part.length - 1}/${bytes.length}`;
  response.writeHead(206, { "content-range": range, "content-length": part.length }).end(part);
}

/** Answers as a good server does, ranges included. */
export function serveBytes(bytes: Uint8Array, request: IncomingMessage, response: ServerResponse): void {
  const from = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? "")?.[1] ?? 0);
  if (from > 0 && from >= bytes.length) {
    response.writeHead(416, { "content-range": `bytes */${bytes.length}` }).end();
    return;
  }
  const rest = bytes.subarray(from);
  const headers: Record<string, string | number> = { "content-length": rest.length };
  if (from > 0) headers["content-range"] = `bytes ${from}-${bytes.length - 1}/${bytes.length}`;
  response.writeHead(from > 0 ? 206 : 200, headers).end(rest);
}

/** Sends the first part of what is asked for, then cuts the connection. */
export function cutAfter(
  length: number,
  bytes: Uint8Array,
  request: IncomingMessage,
  response: ServerResponse,
): void {
  const from = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? "")?.[1] ?? 0);
  const headers: Record<string, string | number> = { "content-length": bytes.length - from };
  if (from > 0) headers["content-range"] = `bytes ${from}-${bytes.length - 1}/${bytes.length}`;
  response.writeHead(from > 0 ? 206 : 200, headers);
  response.write(bytes.subarray(from, from + length), () => {
    // A moment for the bytes to arrive: a reset may overtake them.
    setTimeout(() => response.destroy(), 30);
  });
}
