import { deflateSync, inflateSync } from "node:zlib";
import type { Deflate, Inflate } from "./codec.js";

export const inflateInNode: Inflate = (bytes, likely, limit) =>
  inflateSync(bytes, { maxOutputLength: limit, chunkSize: Math.max(64, Math.min(likely, limit)) });

export const deflateInNode: Deflate = (bytes) => deflateSync(bytes);
