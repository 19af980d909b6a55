import { isAddress } from "./http-source.js";

/** The file's name in a path or an address, without what may follow it in an address: endings are found by it. */
export function fileNameOf(pathOrAddress: string): string {
  if (!isAddress(pathOrAddress) || !URL.canParse(pathOrAddress)) return pathOrAddress;
  return new URL(pathOrAddress).pathname;
}
