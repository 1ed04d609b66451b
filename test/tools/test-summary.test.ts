// The summary of a CI run counts what ran, and is not fooled by what did not.
import { describe, expect, test } from 'vitest';
import { summarize } from '../../tools/test-summary.mjs';

function file(name: string, ...statuses: string[]) {
  const assertionResults = statuses.map((status, index) => ({ status, fullName: `${name} #${index}` }));
  return { name, status: statuses.includes('failed') ? 'failed' : 'passed', assertionResults };
}

const GREEN = file('/x/test/a.test.ts', 'passed', 'passed');

describe('a summary', () => {
  test('counts all files, and lets ordinary tests be skipped', () => {
    const testResults = [GREEN, file('/x/test/b.test.ts', 'failed', 'skipped', 'todo', 'pending')];
    expect(summarize({ testResults })).toEqual({ passed: 2, failed: 1, skipped: 3, problems: [] });
  });

  test('of nothing is a problem', () => {
    expect(summarize({ testResults: [] })).toEqual({ passed: 0, failed: 0, skipped: 0, problems: ['no test passed'] });
  });

  test('counts a file that did not load as a failure', () => {
    const broken = { name: '/x/test/c.test.ts', status: 'failed', assertionResults: [] };
    const { failed, skipped, problems } = summarize({ testResults: [GREEN, broken] });
    expect({ failed, skipped }).toEqual({ failed: 1, skipped: 0 });
    expect(problems).toEqual(['did not load: /x/test/c.test.ts']);
  });

  test.each(['/x/test/e2e/a.e2e.test.ts', 'C:\\x\\test\\a.browser.test.ts', '/x/test/support/missing-capability.ts'])(
    'does not accept a skipped test of %s',
    (name) => {
      const { problems } = summarize({ testResults: [GREEN, file(name, 'passed', 'skipped')] });
      expect(problems).toEqual([`skipped: ${name} #1`]);
    },
  );
});
