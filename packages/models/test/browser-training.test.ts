import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { BOUND, labelExperiment } from "@bindscape/study";
import { unzipSync } from "fflate";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
// @ts-expect-error: plain JavaScript, so that Node runs it as it is
import { servePage } from "../../../examples/browser/serve.mjs";
import { makeSimulatedStudy } from "../../../examples/browser/simulated-study.js";
import { findChromium, launchChromium } from "../../gradient/test/browser.js";
import { skipLoudly } from "../../gradient/test/swift-shader.js";
import { readBundle } from "../src/bundle/bundle.node.js";
import { requestBins } from "../src/evaluate/select-bins.js";
import { predictWindows } from "../src/network/network.node.js";

const isThere = findChromium() !== null;
if (!isThere)
  skipLoudly("training in a page", "no Chromium (apt install chromium, or set BINDSCAPE_CHROMIUM)");

describe.skipIf(!isThere)("the page of examples/browser", () => {
  let server: Server;
  let browser: Browser;
  let folder: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "bindscape-page-"));
    server = await servePage(0);
    browser = await launchChromium();
  });

  afterAll(async () => {
    await browser?.close();
    server?.closeAllConnections();
    server?.close();
    await rm(folder, { recursive: true, force: true });
  });

  /** Clicks a button and returns what it downloads. */
  async function download(page: Page, button: string): Promise<Buffer> {
    const [started] = await Promise.all([page.waitForEvent("download"), page.click(button)]);
    return readFile(await started.path());
  }

  /** Trains in a page of its own; returns its model, unpacked into a folder, and its predictions. */
  async function train(device: string, epochs: number): Promise<{ bundle: string; predictions: string[] }> {
    const page = await browser.newPage({ acceptDownloads: true });
    const errors: string[] = [];
    page.on("pageerror", (error) => errors.push(error.message));
    await page.goto(`http://localhost:${(server.address() as AddressInfo).port}/`);
    await page.waitForFunction('document.getElementById("report-style").textContent !== ""');
    await page.selectOption("#device", device);
    await page.fill("#epochs", `${epochs}`);
    await page.fill("#seed", "3");
    await page.click("#train");
    await page.waitForSelector("#train:not([disabled])", { timeout: 800_000 });
    expect(await page.textContent("#status")).toMatch(/^Done in /);
    expect(errors).toEqual([]);
    expect(await page.locator("#learning svg, #locus svg").count()).toBe(2);
    const bundle = join(folder, device);
    await mkdir(bundle);
    for (const [name, bytes] of Object.entries(unzipSync(await download(page, "#bundle")))) {
      await writeFile(join(bundle, name), bytes);
    }
    const predictions = (await download(page, "#track")).toString().trimEnd().split("\n");
    await page.close();
    return { bundle, predictions };
  }

  it("trains, and Node reproduces its predictions within 1e-4", { timeout: 900_000 }, async () => {
    const epochs = 4;
    const { bundle, predictions } = await train("wasm", epochs);
    const { network, history } = await readBundle(bundle);
    expect(history.map(({ epoch }) => epoch)).toEqual(Array.from({ length: epochs }, (_, i) => i + 1));
    const losses = history.map(({ validationLoss }) => validationLoss);
    expect(Math.min(...losses)).toBeLessThan(0.8 * losses[0]);

    const study = makeSimulatedStudy(3);
    const [chromosome] = study.file.holdOut.test.chromosomes!;
    const request = requestBins(study, study.bins.onChromosomes([chromosome]));
    const scores = await predictWindows(network, await study.loadCell("SimCell"), request);
    expect(predictions.length).toBe(scores.length);
    expect(scores.length).toBeGreaterThan(1000);
    const found = predictions.map((line) => Number(line.split("\t")[3]));
    expect(Math.max(...found.map((value, i) => Math.abs(value - scores[i])))).toBeLessThan(1e-4);
    // They are worth reproducing: bound bins stand out.
    const labels = labelExperiment(study, study.experiments[0]);
    const bound = [...study.bins.onChromosomes([chromosome])].map((bin) => labels[bin] === BOUND);
    const meanWhere = (wanted: boolean) => {
      const chosen = scores.filter((_, i) => bound[i] === wanted);
      return chosen.reduce((sum, score) => sum + score, 0) / chosen.length;
    };
    expect(meanWhere(true)).toBeGreaterThan(2 * meanWhere(false));
  });
});
