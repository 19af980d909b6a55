import { readFileSync, writeFileSync } from "node:fs";
import { expect, it } from "vitest";
import { nameOf, type OperatorCase } from "./operator-case.js";
import { operatorCases } from "./operator-cases.js";
import { type Device, type OperatorResults, readResults, renewing } from "./operator-results.js";

const table = new URL("../OPERATORS.md", import.meta.url);

const introduction = `# Operators and layers

Made from the tests by \`node scripts/operators-table.mjs\`; do not edit. Every case computes an operator and, where it has
one, its gradient on small shapes; the number is the largest difference of float32 on that device from the float64
reference, relative to the largest value (or to 1). Gradients in float64 are checked against finite differences, and most
operators also against values stored from PyTorch. "-" means that the case has not been run there.
`;

const devices: readonly (readonly [Device, string])[] = [
  ["cpu", "CPU"],
  ["webgpu", "WebGPU"],
  ["browser", "browser"],
];

function renderCell(cases: readonly OperatorCase[], results: OperatorResults): string {
  const found = cases.map((test) => results.get(nameOf(test)));
  const failure = found.find((result) => typeof result === "string");
  if (failure !== undefined) return `no: ${failure}`;
  const errors = found.filter((result) => typeof result === "number");
  if (errors.length === 0) return "-";
  const error = Math.max(...errors);
  const missing = errors.length < cases.length ? `, ${errors.length} of ${cases.length} cases` : "";
  return `yes (${error === 0 ? "0" : error.toExponential(0)}${missing})`;
}

function renderTable(): string {
  const byOperator = new Map<string, OperatorCase[]>();
  for (const test of operatorCases) {
    byOperator.set(test.operator, [...(byOperator.get(test.operator) ?? []), test]);
  }
  const results = devices.map(([device]) => readResults(device));
  const rows = [...byOperator]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([operator, cases]) => {
      const differentiated = cases.some(
        ({ shapes, differentiable }) => differentiable?.some((does) => does) ?? shapes.length > 0,
      );
      const cells = results.map((result) => renderCell(cases, result));
      return `| \`${operator}\` | ${cases.length} | ${differentiated ? "yes" : "no"} | ${cells.join(" | ")} |`;
    });
  return [
    introduction,
    `| operator | cases | gradient | ${devices.map(([, name]) => name).join(" | ")} |`,
    "|---|---|---|---|---|---|",
    ...rows,
    "",
  ].join("\n");
}

it("cases have names of their own", () => {
  expect(new Set(operatorCases.map(nameOf)).size).toBe(operatorCases.length);
});

it("the README names all operators there are cases for, and no others", () => {
  const readme = readFileSync(new URL("../README.md", import.meta.url), "utf8");
  const rows = /\| kind [\s\S]*?\n\n/.exec(readme)![0];
  const named = [...rows.matchAll(/`([^`]*)`/g)].flatMap(([, names]) => names.split(" "));
  expect(named.sort()).toEqual([...new Set(operatorCases.map(({ operator }) => operator))].sort());
});

it("OPERATORS.md is what the cases and the stored results say", () => {
  const rendered = renderTable();
  if (renewing) writeFileSync(table, rendered);
  else
    expect(readFileSync(table, "utf8"), "run `node scripts/operators-table.mjs` to renew it").toBe(rendered);
});
