// `make test-faults`: every fault, with its figure; writes docs/reliability.md when all were met. ONLY=redis,nodes runs
// a part, SHORT=1 all with fewer clients; neither writes.
import { table, writeReport } from "./faults/report.mjs";
import { faults } from "./faults/run.mjs";
import { build, checkTools, database, packages, tellMissing } from "./prepare.mjs";
import { endAll } from "./processes.mjs";
import { startServices } from "./services.mjs";
import { print } from "./summary.mjs";

const { SHORT, ONLY } = process.env;

async function main() {
  await checkTools();
  const [services] = await Promise.all([startServices([database("faults")]), build(), packages()]);
  tellMissing(services);
  const { rows, figures } = await faults(services, { short: Boolean(SHORT), only: ONLY?.split(",") });
  if (figures.length > 0) console.log(`\n${table(figures)}`);
  const well = print(rows);
  if (well && !SHORT && !ONLY) console.log(`wrote ${writeReport(figures)}`);
  return well;
}

let failed = true;
try {
  failed = !(await main());
} catch (error) {
  console.error(error.message);
}
await endAll();
process.exitCode = failed ? 1 : 0;
