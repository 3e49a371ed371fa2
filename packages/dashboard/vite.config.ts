import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

/** `npm run dev -w packages/dashboard` shows changes at once, on a server that runs (SLIPWAY_URL). */
const server = process.env['SLIPWAY_URL'] ?? 'http://127.0.0.1:8080';

export default defineConfig({
  root: import.meta.dirname,
  plugins: [react()],
  // The API puts a new one in its place for every answer: styles that a script adds need it, by the policy of the page.
  html: { cspNonce: '__SLIPWAY_NONCE__' },
  // The host stays ours: the API refuses changes whose Origin is another's.
  server: { host: '127.0.0.1', proxy: { '/v1': { target: server } } },
  build: {
    // No small files as data: URLs, which the policy of the page would have to allow.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    manifest: true,
    // They know light-dark(); what would be put in its place follows no scheme that a script sets.
    cssTarget: ['chrome123', 'firefox120', 'safari17.5'],
    reportCompressedSize: false,
    // What counts is the size that is sent, which `npm run bench -- dashboard` tells.
    chunkSizeWarningLimit: 1500,
  },
});
