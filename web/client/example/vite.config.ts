import react from '@vitejs/plugin-react';
import { defaultClientConditions, defineConfig, loadEnv } from 'vite';

export default defineConfig(({ mode }) => {
  const target = loadEnv(mode, import.meta.dirname, 'PLENUM_').PLENUM_URL ?? 'http://localhost:3000';
  const proxy = { '/api': { target }, '/socket.io': { target, ws: true } };
  return {
    root: import.meta.dirname,
    // Wherever the page is put, it finds its parts.
    base: './',
    plugins: [react()],
    resolve: { conditions: ['source', ...defaultClientConditions] },
    server: { proxy },
    preview: { proxy },
  };
});
