import { drawLogo, type Motif, type MotifClusters, type MotifFamily } from "@bindscape/motifs";
import { formatCount } from "../charts/number-format.js";
import { escapeText } from "../charts/svg.js";
import { explain, makeId } from "../report/html.js";
import { renderPage } from "../report/page.js";
import { alignedBox, motifTitle } from "./aligned-match.js";

/** What the page of `bindscape motifs cluster` shows. */
export interface FamiliesPage {
  readonly motifs: readonly Motif[];
  readonly clusters: MotifClusters;
  readonly setName: string;
  /** Mean -log10 p at which families were cut. */
  readonly similarity: number;
  readonly command: string;
}

/** Families with logos, and members drawn in each. */
const FAMILIES_SHOWN = 300;
const MEMBERS_SHOWN = 12;
const COLUMN_WIDTH = 13;
const ROW_HEIGHT = 32;

/** Each family of several motifs: its root motif and its members aligned; the others as a list. */
export function renderFamiliesPage(page: FamiliesPage): string {
  const { motifs, clusters } = page;
  const several = clusters.families.filter(({ members }) => members.length > 1);
  const alone = clusters.families.filter(({ members }) => members.length === 1);
  const shown = several.slice(0, FAMILIES_SHOWN);
  return renderPage({
    title: `Families of ${page.setName}`,
    summary: `${formatCount(motifs.length)} motifs in ${formatCount(clusters.families.length)} families: ${formatCount(several.length)} of several motifs, ${formatCount(alone.length)} motifs alone. Families are joined while the mean \u2212log10 p between their members is at least ${page.similarity}.`,
    main: [
      '<section><h2>Families</h2><div class="grid">',
      ...shown.map((family) => renderFamily(family, motifs)),
      "</div>",
      several.length > shown.length
        ? `<p class="muted">${formatCount(several.length - shown.length)} smaller families are in clusters.tsv and roots.meme.</p>`
        : "",
      explain(
        "The upper logo is the root motif: the average of the family's aligned members, weighted by their sites, without ends that fewer than half of them reach. Below are the members in the order of the tree, turned and shifted as they align (rev: reverse complement).",
        true,
      ),
      "</section>\n",
      alone.length === 0
        ? ""
        : `<section><h2>Motifs alone</h2><div class="logos">${alone
            .slice(0, FAMILIES_SHOWN)
            .map(({ medoid }) => renderSingle(motifs[medoid]))
            .join("")}</div></section>`,
    ].join(""),
    footer: `Made by Bindscape: ${page.command}. A green, C blue, G orange, T red; logos are 2 bits high.`,
  });
}

function renderFamily(family: MotifFamily, motifs: readonly Motif[]): string {
  const { number, members, root, rootOffset } = family;
  const drawn = members.slice(0, MEMBERS_SHOWN);
  const rows = [
    { motif: root, offset: rootOffset, label: "root motif" },
    ...drawn.map(({ motif, offset, isReversed }) => ({
      motif: motifs[motif],
      offset,
      isReversed,
      label: `${motifs[motif].name}${isReversed ? " rev" : ""}`,
    })),
  ];
  const rest = members.slice(MEMBERS_SHOWN).map(({ motif }) => motifTitle(motifs[motif]));
  return [
    `<figure id="${makeId("family", number)}"><h4>Family ${number}: ${escapeText(root.name)}<span class="tag">${members.length} motifs</span></h4>`,
    alignedBox(rows, COLUMN_WIDTH, ROW_HEIGHT),
    rest.length > 0 ? `<div class="small">and ${rest.join(", ")}</div>` : "",
    "</figure>",
  ].join("");
}

function renderSingle(motif: Motif): string {
  return `<figure><h4>${motifTitle(motif)}</h4><div class="aligned">${drawLogo({ probabilities: motif.probabilities, showAxes: false, height: ROW_HEIGHT, width: motif.length * COLUMN_WIDTH })}</div></figure>`;
}
