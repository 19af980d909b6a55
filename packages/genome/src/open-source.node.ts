import { type FileSource, openFile } from "./byte-source.node.js";
import { HttpSource, type HttpSourceOptions, isAddress } from "./http/http-source.js";

/**
 * Opens a local file, or a file on a web server where the name is an http or https address; `close` it when done.
 * @throws BindscapeError where it is missing, may not be read, or its server does not serve parts of files
 */
export async function openSource(pathOrAddress: string, options?: HttpSourceOptions): Promise<FileSource> {
  if (!isAddress(pathOrAddress)) return openFile(pathOrAddress);
  return Object.assign(await HttpSource.open(pathOrAddress, options), { close: async () => {} });
}

/** Opens a file or an address for the time of a function. */
export async function withSource<T>(
  pathOrAddress: string,
  read: (source: FileSource) => Promise<T>,
): Promise<T> {
  const source = await openSource(pathOrAddress);
  try {
    return await read(source);
  } finally {
    await source.close();
  }
}
