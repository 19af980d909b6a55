import { describe, expect, it } from "vitest";
import { BindscapeError } from "../src/error.js";

describe("BindscapeError", () => {
  it("says where, what, what was expected and what to do, in that order", () => {
    const error = new BindscapeError({
      source: "peaks.bed",
      line: 12,
      found: "start 40 after end 30",
      expected: "start < end",
      next: "Sort the columns",
    });
    expect(error.message).toBe(
      "peaks.bed, line 12: start 40 after end 30; expected start < end. Sort the columns.",
    );
    expect(error.line).toBe(12);
    expect(error).toBeInstanceOf(Error);
  });

  it("leaves out what is not known and keeps the cause", () => {
    const cause = new Error("disk");
    const error = new BindscapeError({ found: "no space", cause });
    expect(error.message).toBe("no space.");
    expect(error.cause).toBe(cause);
    expect(new BindscapeError({ source: "a.bw", offset: 64, found: "end of file" }).message).toBe(
      "a.bw, offset 64: end of file.",
    );
  });
});
