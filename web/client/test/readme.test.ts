import { readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';

const read = (path: string) => readFile(new URL(path, import.meta.url), 'utf8');

it('shows the example as it is built', async () => {
  const [readme, example] = await Promise.all([read('../README.md'), read('../example/main.tsx')]);
  expect(readme).toContain(`\`\`\`tsx\n${example}\`\`\``);
});
