// What the runners said, as one table.

const count = (text, pattern) => Number(pattern.exec(text)?.[1] ?? 0);

/** Suites that could not run here. */
export const skippedRow = (suite, mode = "") => ({ suite, mode, passed: 0, failed: 0, skipped: 1, seconds: 0 });

/** A row for each test program of `cargo test`. A run that fails without a failed test counts as one. */
export function cargoRows({ code, output }) {
  const rows = [];
  let suite = "cargo";
  for (const line of output.split("\n")) {
    const program = /^\s+Running .*\/deps\/(\w+)-[0-9a-f]+\)/.exec(line) ?? /^\s+Doc-tests (\S+)/.exec(line);
    if (program) suite = line.includes("Doc-tests") ? `${program[1]} (doc)` : program[1];
    if (!line.startsWith("test result:")) continue;
    const row = {
      suite,
      mode: "rust",
      passed: count(line, /(\d+) passed/),
      failed: count(line, /(\d+) failed/),
      skipped: count(line, /(\d+) ignored/),
      seconds: count(line, /finished in ([\d.]+)s/),
    };
    if (row.passed + row.failed + row.skipped > 0) rows.push(row);
  }
  return withFailure(rows, code, { suite: "cargo test", mode: "rust" });
}

/** The row of one run of Node's test runner. */
export function nodeRow(suite, mode, { code, output }) {
  const told = (name) => count(output, new RegExp(`^ℹ ${name} ([\\d.]+)`, "m"));
  const row = {
    suite,
    mode,
    passed: told("pass"),
    failed: told("fail") + told("cancelled"),
    skipped: told("skipped") + told("todo"),
    seconds: told("duration_ms") / 1_000,
  };
  const [first, ended] = withFailure([row], code, { suite, mode });
  return ended ? { ...first, failed: 1 } : first;
}

/** A run that ended badly, or ran nothing, has failed whatever it counted. */
function withFailure(rows, code, which) {
  const passed = rows.reduce((sum, row) => sum + row.passed, 0);
  const failed = rows.some((row) => row.failed > 0);
  if (failed || (code === 0 && passed > 0)) return rows;
  return [...rows, { ...which, passed: 0, failed: 1, skipped: 0, seconds: 0 }];
}

/** Prints the table and its sum; whether all is well. In CI a skip is a failure. */
export function print(rows) {
  const sum = (name) => rows.reduce((total, row) => total + row[name], 0);
  const columns = ["suite", "mode", "passed", "failed", "skipped", "seconds"];
  const cells = rows.map((row) => ({ ...row, seconds: row.seconds.toFixed(1) }));
  const widths = columns.map((name) => Math.max(name.length, ...cells.map((row) => `${row[name]}`.length)));
  const line = (row) =>
    columns.map((name, i) => (i < 2 ? `${row[name]}`.padEnd(widths[i]) : `${row[name]}`.padStart(widths[i]))).join("  ");
  console.log(`\n${line(Object.fromEntries(columns.map((name) => [name, name])))}`);
  for (const row of cells) console.log(line(row));
  console.log(`\n${sum("passed")} passed, ${sum("failed")} failed, ${sum("skipped")} skipped`);
  const skipFails = process.env.CI === "true" && sum("skipped") > 0;
  if (skipFails) console.log("in CI nothing may be skipped");
  return sum("failed") === 0 && !skipFails;
}
