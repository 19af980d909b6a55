// Packs every package as npm would publish it, installs the tarballs in an empty folder and uses them from there:
// what a user gets must work without this repository around it.
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build, install, root } from "./run.mjs";

install();
build();
const folder = mkdtempSync(join(tmpdir(), "bindscape-pack-"));
const use = join(folder, "use");
mkdirSync(use);

function call(program, args, cwd) {
  const result = spawnSync(program, args, { cwd, encoding: "utf8", shell: process.platform === "win32" });
  if (result.status !== 0) {
    console.error(result.stdout + result.stderr);
    console.error(`pack test: ${program} ${args.join(" ")} failed`);
    process.exit(1);
  }
  return result.stdout;
}

try {
  const packed = JSON.parse(
    call("npm", ["pack", "--workspaces", "--json", "--pack-destination", folder], root).replace(
      /^[^[{]*/,
      "",
    ),
  );
  const tarballs = Object.values(packed).map(({ filename }) => join(folder, filename));
  const packages = Object.values(packed);
  for (const { name, files } of packages) {
    const paths = files.map(({ path }) => path);
    if (!paths.includes("dist/index.js")) throw new Error(`${name} was packed without dist/index.js`);
    const stray = paths.find((path) => /(^|\/)(test|fixtures)\//.test(path) || path.endsWith(".tsbuildinfo"));
    if (stray) throw new Error(`${name} was packed with ${stray}`);
  }
  writeFileSync(join(use, "package.json"), JSON.stringify({ name: "use", private: true, type: "module" }));
  writeFileSync(join(use, ".npmrc"), readFileSync(join(root, ".npmrc")));
  call("npm", ["install", "--no-audit", "--no-fund", ...tarballs], use);
  const names = packages.map(({ name }) => name);
  writeFileSync(
    join(use, "import.mjs"),
    `${names.map((name, i) => `import * as p${i} from ${JSON.stringify(name)};`).join("\n")}
const counts = [${names.map((_, i) => `Object.keys(p${i}).length`).join(", ")}];
if (counts.some((count) => count === 0)) throw new Error("a package exports nothing: " + counts);
console.log(counts.join(" "));`,
  );
  const counts = call(process.execPath, ["import.mjs"], use).trim().split(" ");
  const version = call("npx", ["--no-install", "bindscape", "--version"], use).trim();
  call("npx", ["--no-install", "bindscape", "simulate", "study"], use);
  call("npx", ["--no-install", "bindscape", "info", "study/study.yaml"], use);
  console.log(
    `pack test: ${names.map((name, i) => `${name} (${counts[i]} exports)`).join(", ")}; bindscape ${version} runs outside the repository`,
  );
} finally {
  rmSync(folder, { recursive: true, force: true });
}
