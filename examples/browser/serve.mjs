// Bundles the page and serves it: `node examples/browser/serve.mjs [PORT]`, then open http://localhost:8080.
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { basename, extname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const here = fileURLToPath(new URL(".", import.meta.url));
const root = join(here, "../..");
const types = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".mjs": "text/javascript; charset=utf-8",
  ".wasm": "application/wasm",
};

/** Serves the page on a port of this machine; 0 takes a free one. Returns the server, which listens. */
export async function servePage(port) {
  // The packages' sources, so that nothing has to be built first.
  const { outputFiles } = await build({
    entryPoints: [join(here, "page.ts")],
    bundle: true,
    format: "esm",
    platform: "browser",
    target: "es2022",
    minify: true,
    conditions: ["bindscape-source"],
    external: ["onnxruntime-web/*"],
    write: false,
    logLevel: "warning",
  });
  const page = outputFiles[0].contents;
  const server = createServer(async (request, response) => {
    const path = new URL(request.url ?? "/", "http://localhost").pathname;
    // Threads of WebAssembly share memory, which browsers allow only to pages that are isolated from other origins.
    response.setHeader("Cross-Origin-Opener-Policy", "same-origin");
    response.setHeader("Cross-Origin-Embedder-Policy", "require-corp");
    const type = types[path === "/" ? ".html" : extname(path)];
    try {
      const body =
        path === "/"
          ? await readFile(join(here, "index.html"))
          : path === "/page.js"
            ? page
            : path.startsWith("/onnxruntime-web/")
              ? await readFile(join(root, "node_modules/onnxruntime-web/dist", basename(path)))
              : null;
      if (body === null || type === undefined) response.writeHead(404).end();
      else response.setHeader("Content-Type", type).end(body);
    } catch {
      response.writeHead(404).end();
    }
  });
  await new Promise((resolve, reject) => server.once("error", reject).listen(port, "127.0.0.1", resolve));
  return server;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const server = await servePage(Number(process.argv[2] ?? 8080));
  console.log(`Open http://localhost:${server.address().port} (Ctrl-C ends)`);
}
