// The top bar: what runs, how it is steered, and plainly what it runs on.
import { fieldAt, getField } from '../../lab/session/scenario-fields.ts';
import type { Commands } from '../state/commands.ts';
import type { ExecutorStatus, RunStatus, Session } from '../state/session.ts';
import { button, el, place, setText } from './dom.ts';

export interface TopBarActions {
  /** Starts the run over with this value; the workload `trace` needs a file first. */
  choose(path: string, value: string): void;
}

export function mountTopBar(session: Session, commands: Commands, actions: TopBarActions): void {
  place('choices').append(choiceOf(session, 'workload.name', actions), choiceOf(session, 'policy.preset', actions));
  mountSteering(session, commands);
  mountBadge(session);
  const theme = button('', { class: 'icon', title: 'Dark or light (t)', 'aria-label': 'Theme' }, () =>
    commands.run('theme'),
  );
  theme.append(el('span', { class: 'half-disc', 'aria-hidden': 'true' }));
  const help = button('?', { class: 'icon', title: 'Keys and help (?)', 'aria-label': 'Help' }, () =>
    commands.run('help'),
  );
  place('page-buttons').append(theme, help);
}

function choiceOf(session: Session, path: string, actions: TopBarActions): HTMLElement {
  const field = fieldAt(path);
  const choices = field?.choices ?? [];
  const select = el('select', { 'aria-label': field?.label ?? path, title: `${field?.help ?? ''} Restarts the run.` });
  for (const one of choices) select.append(el('option', { value: one }, one));
  select.addEventListener('change', () => {
    const value = select.value;
    select.value = String(getField(session.draft.wanted.value, path));
    actions.choose(path, value);
  });
  session.draft.wanted.watch((scenario) => (select.value = String(getField(scenario, path))));
  return el('label', { class: 'choice' }, el('span', {}, field?.label ?? path), select);
}

function mountSteering(session: Session, commands: Commands): void {
  const run = button('Pause', { class: 'primary', id: 'run-button', title: 'Run or pause (space)' }, () =>
    commands.run('run-pause'),
  );
  const step = button('Step', { title: 'One step of the workload, then pause (.)' }, () => commands.run('step'));
  const reset = button('Reset', { title: 'Start the run over (r)' }, () => commands.run('reset'));
  const record = button('Record', { class: 'record', title: 'Verify, store a report and download it (s)' }, () =>
    commands.run('record'),
  );
  place('steering').append(el('div', { class: 'segments' }, run, step, reset), record);
  const state = place('run-state');
  session.status.watch((status) => {
    setText(run, runLabel(status));
    step.disabled = status.state !== 'running' && status.state !== 'paused';
    record.disabled = step.disabled;
    state.dataset.state = status.state;
    setText(state, stateText(status));
  });
}

function runLabel({ state }: RunStatus): string {
  if (state === 'running' || state === 'starting') return 'Pause';
  return state === 'paused' ? 'Run' : 'Run again';
}

const STATE_TEXT: Readonly<Record<RunStatus['state'], string>> = {
  starting: 'starting',
  running: 'running',
  paused: 'paused',
  finished: 'finished',
  cancelled: 'stopped',
  failed: 'failed',
  'device-lost': 'device lost',
};

function stateText({ state }: RunStatus): string {
  return STATE_TEXT[state];
}

/** Name of the adapter, and in words when no GPU stands behind the figures. */
function mountBadge(session: Session): void {
  const badge = place('adapter');
  session.executor.watch((executor) => {
    badge.replaceChildren();
    if (executor === null) return badge.append(el('span', { class: 'quiet' }, 'asking for an adapter …'));
    badge.append(...badgeParts(executor));
    badge.title = badgeTitle(executor);
    document.documentElement.dataset.figures = kindOf(executor);
  });
}

function badgeParts({ info }: ExecutorStatus): HTMLElement[] {
  if (info.kind === 'twin') return [el('strong', { class: 'warn' }, 'CPU twin — nothing runs on a GPU')];
  const name = el('span', { class: 'adapter-name' }, info.name);
  return info.software ? [name, el('strong', { class: 'warn' }, 'software')] : [name];
}

function badgeTitle({ info, fallback }: ExecutorStatus): string {
  const parts = [info.name, info.vendor, info.architecture, info.driver, info.backend].filter((part) => part !== '');
  const why = fallback === null ? '' : ` — ${fallback}`;
  const software = info.software ? ' — a CPU emulates the GPU: compare ratios, never absolute rates' : '';
  return [...new Set(parts)].join(', ') + software + why;
}

/** 'gpu', 'software' or 'twin': what the figures of the charts are worth. */
function kindOf({ info }: ExecutorStatus): string {
  return info.kind === 'twin' ? 'twin' : info.software ? 'software' : 'gpu';
}
