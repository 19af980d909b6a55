// Runs what the documentation shows: every TypeScript block of the packages' READMEs, and every shell block that
// stands behind a `<!-- checked -->` comment in README.md and docs/guide, all blocks of a page in one folder.
// Also checks that links between the project's pages lead somewhere.
import { spawnSync } from "node:child_process";
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import ts from "typescript";
import { build, install, root } from "./run.mjs";

install();
build();
const only = process.argv[2];
const pages = [
  "README.md",
  "bench/README.md",
  ...["packages", "examples"].flatMap((folder) =>
    readdirSync(join(root, folder)).map((name) => `${folder}/${name}/README.md`),
  ),
  ...["docs/guide", "docs/design"].flatMap((folder) =>
    readdirSync(join(root, folder)).map((name) => `${folder}/${name}`),
  ),
].filter((page) => page.endsWith(".md") && existsSync(join(root, page)) && (!only || page.includes(only)));

let failures = 0;
function fail(page, line, message) {
  failures++;
  console.error(`${page}:${line}: ${message}`);
}

/** Fenced blocks of a page with their language, first line and whether they are marked as checked. */
function readBlocks(text) {
  const blocks = [];
  const pattern = /(<!-- checked -->\s*\n)?```(\w+)\n([\s\S]*?)\n```/g;
  for (const match of text.matchAll(pattern)) {
    const line = text.slice(0, match.index).split("\n").length;
    blocks.push({ checked: match[1] !== undefined, language: match[2], code: match[3], line });
  }
  return blocks;
}

function run(page, block, program, args, cwd) {
  const result = spawnSync(program, args, { cwd, encoding: "utf8", env: process.env, maxBuffer: 1 << 26 });
  if (result.status === 0) return true;
  fail(page, block.line, `the example failed (exit ${result.status})\n${result.stdout}${result.stderr}`);
  return false;
}

for (const page of pages) {
  const text = readFileSync(join(root, page), "utf8");
  for (const [, target] of text.matchAll(/\]\(([^)#\s]+)(?:#[^)]*)?\)/g)) {
    if (/^[a-z]+:/.test(target)) continue;
    if (!existsSync(resolve(root, dirname(page), target))) {
      fail(
        page,
        text.slice(0, text.indexOf(`](${target}`)).split("\n").length,
        `a link to ${target}, which is not there`,
      );
    }
  }
  const blocks = readBlocks(text);
  const examples = blocks.filter(
    (block) => block.language === "ts" && (page.startsWith("packages/") || block.checked),
  );
  const commands = blocks.filter((block) => block.language === "sh" && block.checked);
  if (examples.length + commands.length === 0) continue;
  const folder = mkdtempSync(join(tmpdir(), "bindscape-readme-"));
  try {
    // Commands and imports resolve as they would in a project that has Bindscape installed.
    symlinkSync(join(root, "node_modules"), join(folder, "node_modules"), "junction");
    writeFileSync(
      join(folder, "package.json"),
      JSON.stringify({ name: "readme", private: true, type: "module" }),
    );
    for (const [index, block] of examples.entries()) {
      const { outputText } = ts.transpileModule(block.code, {
        compilerOptions: { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext },
      });
      const file = join(folder, `example-${index + 1}.mjs`);
      writeFileSync(file, outputText);
      if (run(page, block, process.execPath, ["--preserve-symlinks-main", file], folder)) {
        console.log(`${page}:${block.line}: TypeScript example ran`);
      }
    }
    for (const block of commands) {
      const start = performance.now();
      if (!run(page, block, "bash", ["-euo", "pipefail", "-c", block.code], folder)) break;
      console.log(
        `${page}:${block.line}: commands ran, ${((performance.now() - start) / 1000).toFixed(0)} s`,
      );
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
if (failures > 0) {
  console.error(`README check: ${failures} failed`);
  process.exit(1);
}
console.log(`README check: ${pages.length} pages, every example ran`);
