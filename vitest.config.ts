import { defineConfig } from 'vitest/config';

// A test takes a second or two; on a host with other work to do ten times that.
export default defineConfig({ test: { testTimeout: 30_000, hookTimeout: 60_000 } });
