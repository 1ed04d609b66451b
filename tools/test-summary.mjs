// Reads vitest's JSON result and says what a green run must not hide: skipped browser tests, files that did not load,
// and a run of nothing.

/** @typedef {{ status: string, fullName: string }} Case */
/** @typedef {{ name: string, status: string, message?: string, assertionResults: Case[] }} File */
/** @typedef {{ passed: number, failed: number, skipped: number, problems: string[] }} Summary */

// A browser can be had on every machine that runs this: skipping these tests is a fault of the machine or of ours.
const MUST_RUN = /\.(?:browser|e2e)\.test\.ts$|\/missing-capability\.ts$/;

/** @param {{ testResults: File[] }} result @returns {Summary} */
export function summarize({ testResults }) {
  const cases = testResults.flatMap((file) => file.assertionResults);
  const unloaded = testResults.filter((file) => file.assertionResults.length === 0 && file.status === 'failed');
  const passed = cases.filter((one) => one.status === 'passed').length;
  const failed = cases.filter((one) => one.status === 'failed').length + unloaded.length;
  const skipped = cases.length - passed - (failed - unloaded.length);
  const problems = [...unloaded.map((file) => `did not load: ${file.name}`), ...skippedBrowserTests(testResults)];
  if (passed === 0) problems.push('no test passed');
  return { passed, failed, skipped, problems };
}

/** @param {File[]} files */
function skippedBrowserTests(files) {
  const skipped = (/** @type {Case} */ one) => one.status !== 'passed' && one.status !== 'failed';
  return files
    .filter((file) => MUST_RUN.test(file.name.replaceAll('\\', '/')))
    .flatMap((file) => file.assertionResults.filter(skipped).map((one) => `skipped: ${one.fullName}`));
}
