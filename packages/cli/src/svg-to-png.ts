import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { BindscapeError } from "@bindscape/numerics";
import { initWasm, Resvg } from "@resvg/resvg-wasm";

let ready: Promise<Uint8Array[]> | undefined;

/** Loads the renderer and the fonts once. */
function prepare(): Promise<Uint8Array[]> {
  ready ??= (async () => {
    const require = createRequire(import.meta.url);
    await initWasm(await readFile(require.resolve("@resvg/resvg-wasm/index_bg.wasm")));
    const font = (name: string) => readFile(require.resolve(`dejavu-fonts-ttf/ttf/${name}.ttf`));
    return Promise.all([font("DejaVuSans"), font("DejaVuSans-Bold")]);
  })();
  return ready;
}

/** Most pixels of a picture: what a poster needs, and short of what would exhaust memory. */
const MOST_PIXELS = 2 ** 27;

/**
 * An SVG drawing as a PNG picture on white. Text is set in DejaVu Sans, which comes with the package: the picture is the same on
 * every machine.
 * @param scale pixels for each px of the drawing
 */
export async function renderPng(svg: string, scale: number): Promise<Uint8Array> {
  const fontBuffers = await prepare();
  const [, width, height] = /<svg[^>]* width="([\d.]+)" height="([\d.]+)"/.exec(svg) ?? [];
  const pixels = Number(width) * Number(height) * scale * scale;
  if (!(pixels <= MOST_PIXELS)) {
    throw new BindscapeError({
      source: "PNG",
      found: `a picture of ${Math.round(Number(width) * scale)} x ${Math.round(Number(height) * scale)} pixels`,
      expected: `at most ${MOST_PIXELS} pixels`,
      next: "Lower --scale, or write SVG",
    });
  }
  const renderer = new Resvg(svg, {
    background: "white",
    fitTo: { mode: "zoom", value: scale },
    font: { fontBuffers, defaultFontFamily: "DejaVu Sans", sansSerifFamily: "DejaVu Sans" },
  });
  try {
    const image = renderer.render();
    try {
      return image.asPng().slice();
    } finally {
      image.free();
    }
  } finally {
    renderer.free();
  }
}
