/** What a {@link BindscapeError} is made of; every part but `found` may be left out. */
export interface ErrorParts {
  /** The file, address or argument the error is about. */
  readonly source?: string;
  /** 1-based line, for text files. */
  readonly line?: number;
  /** Byte offset, for binary files. */
  readonly offset?: number;
  /** What was found there, as a sentence without its full stop. */
  readonly found: string;
  /** What was expected instead. */
  readonly expected?: string;
  /** What the reader can do about it. */
  readonly next?: string;
  /** The error underneath, where there is one. */
  readonly cause?: unknown;
}

/**
 * The one error type for input that Bindscape cannot use: it says where, what was found, what was expected
 * and what to do next. The command line prints its message without a stack and exits with code 2; any other
 * error is a defect of Bindscape's own and keeps its stack.
 */
export class BindscapeError extends Error {
  readonly source?: string;
  readonly line?: number;
  readonly offset?: number;
  readonly found: string;
  readonly expected?: string;
  readonly next?: string;

  constructor(parts: ErrorParts) {
    super(describe(parts), parts.cause === undefined ? undefined : { cause: parts.cause });
    this.name = "BindscapeError";
    this.source = parts.source;
    this.line = parts.line;
    this.offset = parts.offset;
    this.found = parts.found;
    this.expected = parts.expected;
    this.next = parts.next;
  }
}

function describe(parts: ErrorParts): string {
  const place = [
    parts.source,
    parts.line === undefined ? undefined : `line ${parts.line}`,
    parts.offset === undefined ? undefined : `offset ${parts.offset}`,
  ].filter((part) => part !== undefined);
  const prefix = place.length === 0 ? "" : `${place.join(", ")}: `;
  const expected = parts.expected === undefined ? "" : `; expected ${parts.expected}`;
  const next = parts.next === undefined ? "" : `. ${parts.next}`;
  return `${prefix}${parts.found}${expected}${next}`.replace(/([^.!?])$/, "$1.");
}
