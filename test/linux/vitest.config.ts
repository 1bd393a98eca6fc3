import { defineConfig } from 'vitest/config';

/** `npm run test:linux`: too long for `npm test`, which does not see these files. */
export default defineConfig({
  test: { include: ['test/linux/*.long.ts'], testTimeout: 30 * 60_000, hookTimeout: 10 * 60_000 },
});
