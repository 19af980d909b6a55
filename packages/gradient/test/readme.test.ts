import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, it, vi } from "vitest";

it("the README's example trains a network that is right nine times in ten", async () => {
  const folder = fileURLToPath(new URL("..", import.meta.url));
  const readme = readFileSync(join(folder, "README.md"), "utf8");
  const code = /```ts\n([\s\S]*?)```/.exec(readme)![1];
  const scratch = mkdtempSync(join(folder, "test", "readme-"));
  const print = vi.spyOn(console, "log").mockImplementation(() => undefined);
  try {
    writeFileSync(join(scratch, "example.ts"), code);
    await import(join(scratch, "example.ts"));
    const [text] = print.mock.calls.at(-1)!;
    expect(text).toMatch(/ % right$/);
    expect(Number.parseFloat(text)).toBeGreaterThan(90);
  } finally {
    print.mockRestore();
    rmSync(scratch, { recursive: true });
  }
});
