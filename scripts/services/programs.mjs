// Where a program is: in PATH, or in the folders where packages keep servers.
import { accessSync, constants, readdirSync } from "node:fs";
import { delimiter, join } from "node:path";

const PACKAGES = ["/usr/sbin", "/usr/local/sbin", "/opt/homebrew/bin"];

/** The folders `parent/NAME/below`, the highest version first. */
export function versions(parent, below = "") {
  try {
    const names = readdirSync(parent).sort((a, b) => b.localeCompare(a, "en", { numeric: true }));
    return names.map((name) => join(parent, name, below));
  } catch {
    return [];
  }
}

/** The path of a program, or undefined. `folders` are looked at first. */
export function program(name, folders = []) {
  const all = [...folders, ...(process.env.PATH ?? "").split(delimiter), ...PACKAGES];
  return all
    .map((folder) => join(folder, name))
    .find((path) => {
      try {
        accessSync(path, constants.X_OK);
        return true;
      } catch {
        return false;
      }
    });
}
