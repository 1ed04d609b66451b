// How the page is served and built: relative addresses, cross-origin isolated, three.js in a chunk of its own.
import { defineConfig } from 'vite';

// Isolation sharpens `performance.now()` from 100 µs to 5 µs; nothing needs SharedArrayBuffer.
const isolated = {
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
};

export default defineConfig({
  base: './',
  publicDir: 'public',
  server: { host: '127.0.0.1', headers: isolated },
  preview: { host: '127.0.0.1', headers: isolated },
  worker: { format: 'es' },
  build: {
    // Every browser with WebGPU is newer than this.
    target: 'es2023',
    outDir: 'dist',
    sourcemap: true,
    chunkSizeWarningLimit: 1200,
    rolldownOptions: {
      // The second page has nothing on it that could enter a measurement.
      input: ['index.html', 'bench.html'],
      output: { codeSplitting: { groups: [{ name: 'three', test: /node_modules[\\/]three[\\/]/ }] } },
    },
  },
});
