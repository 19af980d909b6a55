/** Gates as Keras 1 lists an LSTM's weights: W, U and b of each, in this order. */
export const kerasGates = ["i", "c", "f", "o"] as const;

/** The same gates as Bindscape stacks them: input, output, forget, cell. */
export const stackedGates = ["i", "o", "f", "c"] as const;
