import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { brotliCompress, gzip } from 'node:zlib';
import type { Plugin } from 'vite';

/** What is text; pictures and fonts are compressed already. */
const TEXT = /\.(html|js|css|svg|json)$/;
/** What is smaller than a packet gains nothing. */
const LEAST_BYTES = 1_000;
const WAYS = [
  ['.br', promisify(brotliCompress)],
  ['.gz', promisify(gzip)],
] as const;

/** Writes files beside themselves as browsers take them too, so that a server compresses nothing while people wait. */
export function compress(): Plugin {
  return {
    name: 'compress',
    apply: 'build',
    async writeBundle({ dir }) {
      if (!dir) return;
      const names = await readdir(dir, { recursive: true });
      await Promise.all(names.filter((name) => TEXT.test(name)).map((name) => besides(join(dir, name))));
    },
  };
}

async function besides(path: string): Promise<void> {
  const plain = await readFile(path);
  if (plain.length < LEAST_BYTES) return;
  for (const [end, pack] of WAYS) {
    const packed = await pack(plain);
    if (packed.length < plain.length) await writeFile(path + end, packed);
  }
}
