// The strip under the top bar: one line for each thing a visitor must know, with what to do about it. Empty when all is well.
import type { Report } from '../../lab/measure/report.ts';
import type { ExecutorStatus, RunStatus, Session } from '../state/session.ts';
import { button, el, place } from './dom.ts';

interface Notice {
  readonly key: string;
  readonly kind: 'plain' | 'warning' | 'error';
  readonly text: string;
  readonly detail?: string;
  readonly action?: { readonly label: string; run(): void };
  /** Set where the visitor may put it away. */
  readonly dismiss?: () => void;
}

export class Notices {
  readonly #strip = place('notices');
  readonly #shown = new Map<string, HTMLElement>();

  show(notice: Notice): void {
    this.hide(notice.key);
    const line = el(
      'div',
      { class: `notice ${notice.kind}`, 'data-notice': notice.key },
      el('p', {}, ...words(notice)),
    );
    const { action, dismiss } = notice;
    if (action !== undefined) line.append(button(action.label, { class: 'primary' }, () => action.run()));
    const close = (): void => {
      this.hide(notice.key);
      dismiss?.();
    };
    if (dismiss !== undefined) line.append(button('×', { class: 'icon', 'aria-label': 'Dismiss' }, close));
    this.#shown.set(notice.key, line);
    this.#strip.append(line);
  }

  hide(key: string): void {
    this.#shown.get(key)?.remove();
    this.#shown.delete(key);
  }
}

function words({ text, detail }: Notice): (Node | string)[] {
  return detail === undefined ? [el('strong', {}, text)] : [el('strong', {}, text), ' ', detail];
}

export function recordedNotice({ verification }: Report): Notice {
  const wrong = verification?.mismatchedPages ?? 0;
  const compared = `${verification?.pagesChecked ?? 0} pages compared, ${wrong === 0 ? 'all equal' : `${wrong} WRONG`}.`;
  return {
    key: 'recorded',
    kind: wrong > 0 ? 'error' : 'plain',
    text: 'Recorded: the report is stored in this browser and downloaded.',
    detail: verification === null ? 'Its bytes were not compared.' : compared,
    dismiss: () => {},
  };
}

/** What the session itself gives reason to say. */
export function mountSessionNotices(session: Session, notices: Notices): void {
  session.status.watch((status) => showStatus(session, notices, status));
  session.executor.watch((executor) => showExecutor(notices, executor));
  session.complaint.watch((text) => {
    if (text === null) return notices.hide('complaint');
    notices.show({ key: 'complaint', kind: 'error', text, dismiss: () => session.complaint.set(null) });
  });
}

const ENDINGS: Partial<Record<RunStatus['state'], { kind: Notice['kind']; text: string; label: string }>> = {
  'device-lost': { kind: 'error', text: 'The GPU device was lost; the run has stopped.', label: 'Start again' },
  failed: { kind: 'error', text: 'The run could not go on.', label: 'Start again' },
  finished: { kind: 'plain', text: 'The run has finished; its report is stored under Reports.', label: 'Run again' },
};

const NOT_STARTED = { kind: 'error', text: 'Not started.', label: 'Try again' } as const;

function showStatus(session: Session, notices: Notices, { state, message }: RunStatus): void {
  const ending = session.refusedStart && state === 'failed' ? NOT_STARTED : ENDINGS[state];
  if (ending === undefined) return notices.hide('ending');
  const kept = state === 'device-lost' ? 'Stored reports are kept.' : '';
  const detail = [message === null ? '' : sentence(capital(message)), kept].filter((part) => part !== '').join(' ');
  const run = (): void => (state === 'finished' ? session.start() : session.startAgain());
  notices.show({ key: 'ending', kind: ending.kind, text: ending.text, detail, action: { label: ending.label, run } });
}

function sentence(text: string): string {
  return /[.!?]$/.test(text) ? text : `${text}.`;
}

function showExecutor(notices: Notices, executor: ExecutorStatus | null): void {
  if (executor?.info.kind !== 'twin') return notices.hide('twin');
  notices.show({
    key: 'twin',
    kind: 'warning',
    text: 'Nothing runs on a GPU: a CPU twin of each shader moves the pages.',
    detail: noGpuAdvice(executor.fallback),
    dismiss: () => {},
  });
}

/** Why there is no WebGPU here, and what the visitor can do. */
function noGpuAdvice(fallback: string | null): string {
  if (fallback === null) return 'The setting Adapter asks for it.';
  const why = `${sentence(capital(fallback))} `;
  if (!isSecureContext) return `${why}WebGPU needs https or localhost: open the page there.`;
  if (!('gpu' in navigator))
    return `${why}This browser has no WebGPU: use Chrome or Edge 113 or newer, Safari 26, or Firefox 141 on Windows; on Linux enable chrome://flags/#enable-unsafe-webgpu.`;
  return `${why}To use a GPU, turn on hardware acceleration in the browser’s settings and update the graphics driver; on Linux enable chrome://flags/#enable-unsafe-webgpu. chrome://gpu says what is missing.`;
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
