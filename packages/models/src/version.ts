/** Version of Bindscape, as its packages carry it. */
export const BINDSCAPE_VERSION = "0.1.0";
