import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { basename, extname, join } from "node:path";
import { type Browser, chromium, type Page } from "playwright-core";
import { root } from "./bundle-program.js";

/** The system's Chromium: none is downloaded. BINDSCAPE_CHROMIUM names another one. */
export function findChromium(): string | null {
  const places = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];
  return (
    [process.env["BINDSCAPE_CHROMIUM"] ?? "", ...places].find((path) => path && existsSync(path)) ?? null
  );
}

/** Chromium without a window; its WebGPU is SwiftShader, which needs no graphics card. */
export function launchChromium(): Promise<Browser> {
  return chromium.launch({
    executablePath: findChromium()!,
    // Only pages of ours are opened; containers often have neither the rights for a sandbox nor much shared memory.
    chromiumSandbox: false,
    args: ["--disable-dev-shm-usage", "--enable-unsafe-webgpu", "--use-webgpu-adapter=swiftshader"],
  });
}

export interface OpenPage {
  readonly page: Page;
  close(): Promise<void>;
}

const runtimes = join(root, "node_modules/onnxruntime-web/dist");
const types: Readonly<Record<string, string>> = {
  ".mjs": "text/javascript",
  ".wasm": "application/wasm",
};

const html = `<!doctype html>
<meta charset="utf-8">
<title>Bindscape test</title>
<script type="importmap">
{"imports": {
  "onnxruntime-web/wasm": "/onnxruntime-web/ort.wasm.bundle.min.mjs",
  "onnxruntime-web/webgpu": "/onnxruntime-web/ort.webgpu.bundle.min.mjs"
}}
</script>
<script type="module" src="/program.mjs"></script>`;

/**
 * Opens a page that runs a program, in Chromium without a window. The page is isolated from other origins, so that
 * WebAssembly has threads.
 * @param program path of the bundled program
 */
export async function openPage(program: string): Promise<OpenPage> {
  const server = createServer((request, response) => {
    const path = new URL(request.url ?? "/", "http://localhost").pathname;
    const file = path.startsWith("/onnxruntime-web/") ? join(runtimes, basename(path)) : program;
    response.setHeader("Cross-Origin-Opener-Policy", "same-origin");
    response.setHeader("Cross-Origin-Embedder-Policy", "require-corp");
    if (path === "/") {
      response.setHeader("Content-Type", "text/html").end(html);
      return;
    }
    readFile(file).then(
      (bytes) => response.setHeader("Content-Type", types[extname(file)] ?? "text/plain").end(bytes),
      () => response.writeHead(404).end(),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  let browser: Browser | undefined;
  const close = async () => {
    await browser?.close();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  };
  try {
    browser = await launchChromium();
    const page = await browser.newPage({ acceptDownloads: true });
    page.on("pageerror", (error) => console.error(`page: ${error.message}`));
    // `localhost` counts as a secure place, which WebGPU and isolation ask for.
    await page.goto(`http://localhost:${(server.address() as AddressInfo).port}/`);
    await page.waitForFunction("globalThis.ready === true");
    return { page, close };
  } catch (error) {
    await close();
    throw error;
  }
}
