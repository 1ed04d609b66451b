// Stands for all tests of a project that this machine cannot run: one skipped test, named after what would enable them.
import { test } from 'vitest';

test.skip(process.env.PAGEFERRY_MISSING ?? 'a capability is missing', () => {});
