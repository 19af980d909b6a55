/** A file of the demo's real data: pinned by commit, checked by SHA-256, never part of the project. */
export interface DemoFile {
  /** Its name in the study and in the cache. */
  readonly name: string;
  /** The factor whose peaks it holds; absent for files every study of them needs. */
  readonly factor?: string;
  /** GitHub repository, owner/name, and the commit and path in it. */
  readonly repository: string;
  readonly commit: string;
  readonly path: string;
  readonly bytes: number;
  readonly sha256: string;
  readonly licence: string;
}

const rossi = {
  repository: "CEGRcode/2021-Rossi_Nature",
  commit: "650fd9e7fa4142580b31440323de5d3748c9e71b",
  licence: "MIT",
};

function peaks(factor: string, bytes: number, sha256: string): DemoFile {
  const name = `${factor}_CX.bed`;
  return { name, factor, ...rossi, path: `04_ChExMix_Peaks/${name}`, bytes, sha256 };
}

/**
 * The yeast study's files: genome sacCer3, ATAC-seq fragments (SRR1822137, as MACS has them for its tests),
 * motifs (JASPAR 2022, as gimmemotifs has them), and ChIP-exo summits (Rossi et al. 2021).
 */
export const DEMO_FILES: readonly DemoFile[] = [
  {
    name: "single_sequences.2bit",
    repository: "Miswi/BSgenome.Scerevisiae.ensembl.release94",
    commit: "b869dfe60685a0799a7575f8b6fb8c5de1ec0da8",
    path: "inst/extdata/single_sequences.2bit",
    bytes: 3_018_227,
    sha256: "a08b8ade4922d8e1a353ace722ee5c0f5ede346db34268a853cdbe77d1e6e5ac",
    licence: "Artistic-2.0",
  },
  {
    name: "yeast_500k_SRR1822137.frag.gz",
    repository: "macs3-project/MACS",
    commit: "a341a2f0ede26735f744d6d5e3b0f7ac1861cfe9",
    path: "test/yeast_500k_SRR1822137.frag.gz",
    bytes: 2_172_690,
    sha256: "13ba4800cb04ac4e5507393972e2c825d7b91459acb4bbac4b3d5eb6ad3ce508",
    licence: "BSD-3-Clause",
  },
  {
    name: "JASPAR2022_fungi.pfm",
    repository: "vanheeringen-lab/gimmemotifs",
    commit: "74512747f54102500a248d56db5b469fc75961bc",
    path: "data/motif_databases/JASPAR2022_fungi.pfm",
    bytes: 40_795,
    sha256: "f30d68ec7a9421ab634136d888ce37a2243ffff429d9861362fa857f0df4626c",
    licence: "CC-BY-4.0 (JASPAR)",
  },
  peaks("Reb1", 48_652, "4ff52b075bacf30469c55722086c0f1e64ecd7fa51c0227615f7549f374561c5"),
  peaks("Abf1", 32_814, "bfa8454f8064081840b9dba25033ec95a7476fb015853e97224a524a9a0e7f2e"),
  peaks("Rap1", 17_668, "3800cbd4a86b5e4e6f41031d37528f32b55f61fc1a122f894548372163d267df"),
  peaks("Mcm1", 18_371, "630c5cf619a9672b833e5c37b9614afd5b61b90b259fb82b7a944f45bdc0026c"),
  peaks("Fkh1", 27_953, "8ef2dd4de9d56e74738258901b0142aa4ea0c4c046c66a3f339067e40e573bba"),
  peaks("Cin5", 24_889, "dd3e4a944d60da143f0490b59ced93c11f3146011b97742d12cbe8de873052c7"),
  peaks("Phd1", 13_925, "bc85ec61cf3e03ddd3cabd22b12159ad1e5cb693d3dd601b1156482a4fb5b656"),
  peaks("Mbp1", 6_329, "e07eeee7d7fd7550be12bf3b7a2b03deaca57dffcf1602d674d70d5296753e6e"),
];
