import { networkStrands } from "@bindscape/models";
import { InvalidArgumentError, Option } from "commander";
import { parseWholeNumber } from "../shared-options.js";

/** The length that sequences are brought to. */
export function lengthOption(): Option {
  return new Option(
    "--length <bp>",
    "cut longer sequences to this length around their centre, and fill shorter ones up with N",
  ).argParser((text) => {
    const length = parseWholeNumber(text);
    if (length === 0) throw new InvalidArgumentError("Expected at least 1.");
    return length;
  });
}

/** What is made of the two strands of a sequence. */
export function strandsOption(separate: string): Option {
  return new Option(
    "--strands <rule>",
    `forward: as given; mean: averaged over both strands; separate: ${separate} (default: as the network was made)`,
  ).choices(networkStrands.options);
}
