import { chmod, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { writeFileAtomically } from "../src/atomic-file.node.js";
import { MemorySink } from "../src/byte-sink.js";
import { BlobSource, type ByteSource, MemorySource, readAllBytes } from "../src/byte-source.js";
import { openFile } from "../src/byte-source.node.js";
import { describeFileError } from "../src/file-error.node.js";
import { expectError } from "./helpers.js";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "bindscape-"));
});
afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

describe("byte sources", () => {
  it("read the same bytes, and refuse the same ranges", async () => {
    const bytes = Uint8Array.from({ length: 100 }, (_, i) => i);
    const path = join(folder, "a.bin");
    await writeFile(path, bytes);
    const file = await openFile(path);
    const sources: ByteSource[] = [
      new MemorySource(bytes, path),
      new BlobSource(new Blob([bytes]), path),
      new BlobSource(new File([bytes], path)),
      file,
    ];
    for (const source of sources) {
      expect(source.name).toBe(path);
      expect(await source.size()).toBe(100);
      expect(await source.read(90, 10)).toEqual(bytes.slice(90));
      expect(await source.read(100, 0)).toEqual(new Uint8Array(0));
      expect(await readAllBytes(source)).toEqual(bytes);
      for (const [offset, length] of [
        [95, 6],
        [-1, 2],
        [0, -1],
        [0.5, 1],
        [Number.NaN, 1],
        [2 ** 53, 1],
      ]) {
        await expectError(
          () => source.read(offset, length),
          `${path}, offset ${offset}: ${length} bytes from there end past the end of the file (100 bytes). The file is truncated or corrupt: fetch or make it again.`,
        );
      }
      await expectError(
        () => readAllBytes(source, 50),
        `${path}: the file has 100 bytes; expected at most 50 for a file that is read whole.`,
      );
    }
    await writeFile(path, bytes.slice(0, 50));
    await expectError(
      () => file.read(40, 20),
      `${path}, offset 50: the file became shorter while it was being read. Wait until it is complete.`,
    );
    await file.close();
  });

  it("say why a file cannot be opened", async () => {
    await expectError(
      () => openFile(join(folder, "none")),
      `${folder}/none: the file could not be read: there is no such file or folder (ENOENT). Check the path.`,
    );
    await expectError(
      () => openFile(folder),
      `${folder}: the file could not be read: this is a folder (EISDIR). Name a file.`,
    );
    await expectError(
      () => openFile("/dev/null"),
      "/dev/null: this is a pipe or a device; expected a regular file, which can be read at any offset. Save it to a file first.",
    );
  });
});

describe("memory sink", () => {
  it("grows, overwrites and refuses to overwrite what is not there", async () => {
    const sink = new MemorySink("m");
    await sink.write("abc");
    await sink.write(new Uint8Array(5000));
    await sink.writeAt(1, Uint8Array.of(66, 67));
    expect(sink.position).toBe(5003);
    expect(Buffer.from(sink.toBytes().subarray(0, 4)).toString()).toBe("aBC\0");
    await expectError(
      () => sink.writeAt(5002, Uint8Array.of(1, 2)),
      "m, offset 5002: 2 bytes were to be overwritten where only 5003 are written.",
    );
  });
});

describe("writeFileAtomically", () => {
  it("writes what a memory sink would hold, in pieces of any size, and makes the folder", async () => {
    const path = join(folder, "new", "deep", "a.bin");
    const memory = new MemorySink();
    await writeFileAtomically(path, async (sink) => {
      for (const to of [memory, sink]) {
        for (const length of [1, 1000, 1 << 20, 3_000_001, 5]) {
          await to.write(Uint8Array.from({ length }, (_, i) => (i * 7 + length) & 255));
        }
        await to.write("text é");
        await to.writeAt(999, Uint8Array.of(9, 8, 7));
        await to.write("end");
      }
      expect(sink.position).toBe(memory.position);
      expect(sink.name).toBe(path);
    });
    expect(Buffer.compare(await readFile(path), memory.toBytes())).toBe(0);
    expect(await readdir(join(folder, "new", "deep"))).toEqual(["a.bin"]);
    await writeFileAtomically(path, "short");
    expect(await readFile(path, "utf8")).toBe("short");
  });

  it("leaves the old file and no other where the work fails", async () => {
    const path = join(folder, "a.txt");
    await writeFileAtomically(path, "old");
    const failure = new Error("stop");
    await expect(
      writeFileAtomically(path, async (sink) => {
        await sink.write("new");
        expect(await readFile(path, "utf8")).toBe("old");
        throw failure;
      }),
    ).rejects.toBe(failure);
    expect(await readdir(folder)).toEqual(["a.txt"]);
    expect(await readFile(path, "utf8")).toBe("old");
  });

  it("follows links, and refuses folders, devices and paths through files", async () => {
    await writeFile(join(folder, "real.txt"), "old");
    await symlink("real.txt", join(folder, "link.txt"));
    await writeFileAtomically(join(folder, "link.txt"), "new");
    expect(await readFile(join(folder, "real.txt"), "utf8")).toBe("new");
    await mkdir(join(folder, "sub"));
    await expectError(
      () => writeFileAtomically(join(folder, "sub"), "x"),
      `${folder}/sub: the name is that of a folder; expected the name of a file.`,
    );
    await expectError(
      () => writeFileAtomically("/dev/null", "x"),
      "/dev/null: the name is that of a pipe or a device; expected the name of a file.",
    );
    // The operating system's own name for it differs.
    await expect(writeFileAtomically(join(folder, "real.txt", "x"), "x")).rejects.toThrow(
      `${folder}/real.txt/x: the file could not be written: a part of the path is a file, not a folder`,
    );
    expect((await readdir(folder)).sort()).toEqual(["link.txt", "real.txt", "sub"]);
  });

  it("says that the disk is full, and passes other errors on", async () => {
    const full = Object.assign(new Error("ENOSPC: no space left on device, write"), { code: "ENOSPC" });
    await expectError(
      () =>
        writeFileAtomically(join(folder, "a"), async () => {
          throw full;
        }),
      `${folder}/a: the file could not be written: the disk is full (ENOSPC). Free some space or choose another folder.`,
    );
    const other = new Error("other");
    expect(describeFileError(other, "a", "write")).toBe(other);
  });

  const mayWriteAnywhere = process.getuid?.() === 0 || process.platform === "win32";
  if (mayWriteAnywhere)
    console.warn("SKIPPED: the test of a folder without write permission; this user has all");
  it.skipIf(mayWriteAnywhere)("says where it may not write", async () => {
    await chmod(folder, 0o500);
    await expectError(
      () => writeFileAtomically(join(folder, "a"), "x"),
      `${folder}/a: the file could not be written: permission denied (EACCES). Check who may read and write there.`,
    );
    await chmod(folder, 0o700);
  });
});
