// `npm run check`: every static check of the repository, all of them even after a failure, each with what it looked at.
//
//   npm run check                    all steps
//   npm run check -- layers wgsl     some of them
import { layersStep } from './layers.ts';
import { deadCodeStep, formatStep, layoutsStep, lintStep, typesStep } from './programs.ts';
import { sizesStep } from './sizes.ts';
import type { Step, StepResult } from './step.ts';
import { wgslStep } from './wgsl.ts';

const STEPS: readonly Step[] = [
  { name: 'types', run: typesStep },
  { name: 'lint', run: lintStep },
  { name: 'format', run: formatStep },
  { name: 'layers', run: layersStep },
  { name: 'dead-code', run: deadCodeStep },
  { name: 'sizes', run: sizesStep },
  { name: 'wgsl', run: wgslStep },
  { name: 'layouts', run: layoutsStep },
];

async function main(names: string[]): Promise<void> {
  const unknown = names.filter((name) => !STEPS.some((step) => step.name === name));
  if (unknown.length > 0)
    throw new Error(`no such step: ${unknown.join(' ')}; ${STEPS.map((step) => step.name).join(' ')}`);
  const failed: string[] = [];
  for (const step of STEPS.filter(({ name }) => names.length === 0 || names.includes(name))) {
    const result = await outcome(step);
    print(step.name, result);
    if (!result.ok) failed.push(step.name);
  }
  console.log(failed.length === 0 ? '\nall checks passed' : `\nfailed: ${failed.join(' ')}`);
  process.exitCode = failed.length === 0 ? 0 : 1;
}

/** A step that breaks is a step that failed. */
async function outcome(step: Step): Promise<StepResult> {
  try {
    return await step.run();
  } catch (error) {
    return {
      ok: false,
      checked: 'broke',
      problems: error instanceof Error ? (error.stack ?? error.message) : String(error),
    };
  }
}

function print(name: string, { ok, checked, problems }: StepResult): void {
  console.log(`${ok ? 'ok  ' : 'FAIL'}  ${name.padEnd(10)} ${checked}`);
  if (problems !== '') console.log(problems.replace(/^/gm, '      '));
}

await main(process.argv.slice(2));
