/**
 * Checks that text is one well-formed XML element, as strictly as pictures need: matching tags, quoted attributes
 * without duplicates, only the predefined entities and numeric references. Throws an Error naming the first defect.
 */
export function parseStrictXml(text: string): void {
  const open: string[] = [];
  const token = /<(\/?)([A-Za-z][\w:.-]*)((?:\s+[\w:.-]+="[^"<]*")*)\s*(\/?)>|([^<]+)/gy;
  let position = 0;
  let roots = 0;
  while (position < text.length) {
    token.lastIndex = position;
    const match = token.exec(text);
    if (!match) throw new Error(`not XML at ${position}: ${text.slice(position, position + 80)}`);
    const [whole, closing, name, attributes, selfClosing, characters] = match;
    const bare = (characters ?? attributes ?? "").replace(
      /&(?:amp|lt|gt|quot|apos|#\d+|#x[0-9a-fA-F]+);/g,
      "",
    );
    if (bare.includes("&")) throw new Error(`bare & in ${whole.slice(0, 80)}`);
    if (characters !== undefined) {
      if (open.length === 0 && characters.trim() !== "")
        throw new Error(`text outside the root: ${characters}`);
    } else if (closing) {
      if (open.pop() !== name) throw new Error(`</${name}> closes nothing at ${position}`);
    } else {
      const names = [...attributes.matchAll(/([\w:.-]+)="/g)].map((one) => one[1]);
      if (new Set(names).size !== names.length) throw new Error(`an attribute twice in ${whole}`);
      if (open.length === 0) roots++;
      if (!selfClosing) open.push(name);
    }
    position = token.lastIndex;
  }
  if (open.length > 0 || roots !== 1) throw new Error(`${roots} roots, still open: ${open.join(" ")}`);
}
