/** Everything went well. */
export const EXIT_OK = 0;
/** A defect of Bindscape's own. */
export const EXIT_DEFECT = 1;
/** The input or the command line cannot be used. */
export const EXIT_BAD_INPUT = 2;
/** Stopped by Ctrl-C, as shells count it: 128 + SIGINT. */
export const EXIT_INTERRUPTED = 130;
