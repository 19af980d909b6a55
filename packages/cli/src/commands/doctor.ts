import { checkInstallation } from "@bindscape/models";
import type { Command } from "commander";
import { EXIT_BAD_INPUT } from "../exit-codes.js";
import { printJson } from "../print.js";

const marks = { ok: "ok", missing: "--", broken: "NO" } as const;

export function addDoctorCommand(program: Command): void {
  program
    .command("doctor")
    .description("check what Bindscape needs of this machine; exits with 2 where training cannot work")
    .option("--json", "print one JSON line")
    .addHelpText("after", "\nExample:\n  bindscape doctor\n\nNothing is downloaded.")
    .action(async ({ json }: { json?: boolean }) => {
      const { works, checks } = await checkInstallation();
      if (json) printJson({ works, checks });
      else {
        for (const { name, status, found, next } of checks) {
          console.log(`${marks[status]}  ${name}: ${found}`);
          if (next !== undefined) console.log(`      ${next}`);
        }
        console.log(works ? "Everything that is needed works." : "Something that is needed does not work.");
      }
      if (!works) process.exitCode = EXIT_BAD_INPUT;
    });
}
