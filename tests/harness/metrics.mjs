// What processes say of themselves at METRICS_PORT.
import { request } from "./http.mjs";

/** Where a process's metrics are read: it says so when it starts. */
export async function metricsAddress(process) {
  const { address } = await process.logged((line) => line.message === "metrics are read here");
  return address;
}

export async function metricsOf(process) {
  const { status, text } = await request(await metricsAddress(process));
  if (status !== 200) throw new Error(`metrics of ${process.name}: ${status}`);
  return text;
}

/** The sum of a metric over processes, of those of its series that have these labels. */
export async function total(processes, name, labels = {}) {
  let sum = 0;
  for (const process of processes) {
    for (const line of (await metricsOf(process)).split("\n")) {
      const [, series, said = "", value] = /^(\w+)(?:\{(.*)\})? (\S+)$/.exec(line) ?? [];
      const has = ([key, wanted]) => said.split(",").includes(`${key}="${wanted}"`);
      if (series === name && Object.entries(labels).every(has)) sum += Number(value);
    }
  }
  return sum;
}
