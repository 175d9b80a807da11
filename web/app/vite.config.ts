import react from '@vitejs/plugin-react';
import { defaultClientConditions, loadEnv } from 'vite';
import { defineConfig } from 'vitest/config';
import { compress } from './compress.ts';

export default defineConfig(({ mode }) => {
  const target = loadEnv(mode, import.meta.dirname, 'PLENUM_').PLENUM_URL ?? 'http://localhost:3000';
  // The Host stays what the browser asked for, so that the server takes the page for its own.
  const server = { target };
  const proxy = {
    '/api': server,
    '/socket.io': { target, ws: true },
    '/docs': server,
    '/openapi.json': server,
    '/asyncapi.json': server,
  };
  return {
    plugins: [react(), compress()],
    // The client is taken from its source, so that a change of it shows at once.
    resolve: { conditions: ['source', ...defaultClientConditions] },
    server: { port: 5173, strictPort: true, proxy },
    preview: { port: 4173, strictPort: true, proxy, headers: { 'Content-Security-Policy': policy } },
    test: { include: ['test/**/*.test.ts'] },
    // Pictures and fonts inside of code are not allowed by the policy.
    build: { assetsInlineLimit: 0, rolldownOptions: { output: { codeSplitting: { groups } } } },
  };
});

/** What nearly every page needs, in few files; the rest is cut by page. */
const groups = [
  { name: 'react', test: /node_modules.(react|react-dom|scheduler|react-router|i18next|react-i18next)[\\/]/ },
  {
    name: 'ui',
    test: /(lucide-react|src[\\/](ui[\\/](?!Menu)|shell[\\/](?!Shell|Account)|session[\\/](?!Confirm)))/,
    minShareCount: 4,
  },
];

/** What the server sends with the app, so that `vite preview` shows what it would refuse. */
const policy = [
  "default-src 'self'",
  "img-src 'self' data: blob: https:",
  "connect-src 'self' ws: wss:",
  "media-src 'self' blob:",
  "worker-src 'self' blob:",
  "object-src 'none'",
  "base-uri 'none'",
  "form-action 'self'",
  "frame-ancestors 'none'",
].join('; ');
