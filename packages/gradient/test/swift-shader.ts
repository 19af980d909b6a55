import { existsSync } from "node:fs";
import { dirname, join } from "node:path";

/** Chromium brings a Vulkan driver that computes on the processor, and the library that finds drivers. */
const chromiumFolders = ["/usr/lib/chromium", "/usr/lib/chromium-browser", "/opt/google/chrome"];

/**
 * The environment in which Node's WebGPU finds SwiftShader, a graphics card in software; null where there is none. It
 * is read when a process starts, so tests of WebGPU run in processes of their own.
 */
export function findSwiftShader(): NodeJS.ProcessEnv | null {
  const drivers = [
    process.env["VK_ICD_FILENAMES"] ?? "",
    ...chromiumFolders.map((folder) => join(folder, "vk_swiftshader_icd.json")),
  ];
  const driver = drivers.find((path) => path !== "" && existsSync(path));
  if (driver === undefined) return null;
  const libraries = [process.env["LD_LIBRARY_PATH"], dirname(driver)].filter((path) => path);
  return { ...process.env, VK_ICD_FILENAMES: driver, LD_LIBRARY_PATH: libraries.join(":") };
}

/** Says why a test is skipped, where that is not missed: on standard error. */
export function skipLoudly(what: string, why: string): void {
  console.error(`SKIPPED: ${what}: ${why}`);
}
