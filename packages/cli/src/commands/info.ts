import { describeFile, knownKinds } from "@bindscape/models";
import { BindscapeError } from "@bindscape/numerics";
import { studyJsonSchema } from "@bindscape/study";
import type { Command } from "commander";
import { printJson } from "../print.js";

export function addInfoCommand(program: Command): void {
  program
    .command("info")
    .description("say what a file is and what is in it; check a study")
    .argument("[file]", `${knownKinds}; text may be gzip`)
    .option("--data <folder>", "folder a study's files lie in, in place of the one the study names")
    .option("--schema", "print the JSON Schema of study files, for editors")
    .option("--json", "print one JSON line")
    .addHelpText(
      "after",
      `
Examples:
  bindscape info study.yaml
  bindscape info signal.bw --json
  bindscape info models/reb1
  bindscape info --schema > study.schema.json`,
    )
    .action(async (file: string | undefined, given: InfoFlags) => {
      if (given.schema) {
        process.stdout.write(`${JSON.stringify(studyJsonSchema(), null, given.json ? 0 : 2)}\n`);
        return;
      }
      if (file === undefined) {
        throw new BindscapeError({ found: "no file is named", expected: "bindscape info FILE, or --schema" });
      }
      const { rows, facts, kind } = await describeFile(file, { dataFolder: given.data });
      if (given.json) {
        printJson({ file, kind, ...facts });
        return;
      }
      const width = Math.max(...rows.map(([label]) => label.length));
      console.log(`${file}: ${kind}`);
      for (const [label, text] of rows) console.log(`  ${label.padEnd(width)}  ${text}`);
    });
}

interface InfoFlags {
  readonly data?: string;
  readonly schema?: boolean;
  readonly json?: boolean;
}
