import { exportOnnx, matrixProduct, nodeRuntime } from "@bindscape/gradient";
import { medianMilliseconds } from "./figure.js";

/** GFLOP/s of a float32 product of two 1024 x 1024 matrices in ONNX Runtime: the machine's own limit for networks. */
export async function matrixProductRate(threads: number): Promise<number> {
  const size = 1024;
  const values = new Float32Array(size * size).fill(0.5);
  const model = exportOnnx({
    build: (graph) => {
      const a = graph.input("a", [size, size]);
      return { outputs: { product: matrixProduct(a, graph.input("b", [size, size])) } };
    },
    parameters: new Map(),
  });
  const session = await nodeRuntime().createSession(model, { threads });
  const value = { data: values, shape: [size, size] };
  const into = { product: { data: new Float32Array(size * size), shape: [size, size] } };
  const milliseconds = await medianMilliseconds(() => session.run({ a: value, b: value }, ["product"], into));
  await session.release();
  return (2 * size ** 3) / (milliseconds * 1e6);
}
