import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";

/** Whether the files of CUDA, which ONNX Runtime's package comes without, were fetched when it was installed. */
export function hasCudaFiles(): boolean {
  const here = createRequire(import.meta.url);
  try {
    const module = createRequire(here.resolve("@bindscape/gradient")).resolve("onnxruntime-node");
    const { platform, arch } = process;
    const folder = join(dirname(module), "..", "bin", "napi-v6", platform, arch);
    const library =
      platform === "win32" ? "onnxruntime_providers_cuda.dll" : "libonnxruntime_providers_cuda.so";
    return existsSync(join(folder, library));
  } catch {
    return false;
  }
}
