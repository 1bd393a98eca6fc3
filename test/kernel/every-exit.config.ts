import { defineConfig } from 'vitest/config';

/** The tests that look at a running kernel look at every exit instead of some. Takes minutes. */
export default defineConfig({
  test: {
    include: ['test/kernel/running-invariants.test.ts', 'test/kernel/security-properties.test.ts'],
    env: { A9N_EVERY_EXIT: '1' },
  },
});
