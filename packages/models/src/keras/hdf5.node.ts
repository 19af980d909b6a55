/** The HDF5 library: 4 MB of WebAssembly, loaded only where it is used. */
export async function loadHdf5() {
  const hdf5 = await import("h5wasm/node");
  const library = await hdf5.ready;
  // Errors are thrown; otherwise the library prints its own call stack for each.
  library.activate_throwing_error_handler();
  return hdf5;
}

export type Hdf5 = Awaited<ReturnType<typeof loadHdf5>>;
