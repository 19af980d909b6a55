import { execFile } from "node:child_process";
import { accessSync, constants, mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { delimiter, extname, join, resolve } from "node:path";

const ROOT = resolve(import.meta.dirname, "../../..");
const TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html",
  ".js": "text/javascript",
  ".map": "application/json",
};
const NAMES = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];

/** Chromium, or null, said loudly: the tests that need it are skipped. */
export function findChromium(): string | null {
  const folders = (process.env.PATH ?? "").split(delimiter);
  const candidates = [
    process.env.BINDSCAPE_CHROMIUM,
    ...NAMES.flatMap((name) => folders.map((folder) => join(folder, name))),
  ];
  for (const file of candidates) {
    if (file === undefined) continue;
    try {
      accessSync(file, constants.X_OK);
      return file;
    } catch {
      // The next one.
    }
  }
  console.warn("SKIPPED: tests in a browser; install Chromium, or name it in BINDSCAPE_CHROMIUM");
  return null;
}

/**
 * Serves the project's files, and pages given as text, and opens one in Chromium without a window.
 * @returns the page as it is when its scripts have run
 */
export async function openInChromium(
  chromium: string,
  path: string,
  pages: Readonly<Record<string, string>> = {},
): Promise<string> {
  const server = createServer((request, response) => {
    const name = decodeURIComponent(new URL(request.url ?? "/", "http://localhost").pathname);
    try {
      const file = resolve(ROOT, `.${name}`);
      const isInside = file.startsWith(ROOT) && (pages[name] !== undefined || statSync(file).isFile());
      if (!isInside) throw new Error("no file");
      const body = pages[name] ?? readFileSync(file);
      response.writeHead(200, { "content-type": TYPES[extname(name)] ?? "application/octet-stream" });
      response.end(body);
    } catch {
      response.writeHead(404);
      response.end();
    }
  });
  await new Promise<void>((ready) => server.listen(0, "127.0.0.1", ready));
  const profile = mkdtempSync(join(tmpdir(), "bindscape-chromium-"));
  try {
    const { port } = server.address() as AddressInfo;
    return await new Promise((done, fail) => {
      const args = [
        ...["--headless", "--no-sandbox", "--disable-gpu", `--user-data-dir=${profile}`],
        ...["--virtual-time-budget=60000", "--dump-dom", `http://127.0.0.1:${port}${path}`],
      ];
      execFile(chromium, args, { maxBuffer: 1 << 26, timeout: 50_000 }, (error, stdout, stderr) => {
        if (error) fail(new Error(`${error.message}\n${stderr}`));
        else done(stdout);
      });
    });
  } finally {
    server.close();
    rmSync(profile, { recursive: true, force: true, maxRetries: 3 });
  }
}
