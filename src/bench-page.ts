// Entry of the bare page for measuring: the session worker and nothing else, for a program that drives the browser.
import type { FromSession, ToSession } from './lab/session/protocol.ts';

/** What the driving program and this page know of each other (tools/bench-browser.mjs). */
interface Driven {
  /** Provided here: a message for the worker. */
  pageferrySend?: (message: ToSession) => void;
  /** Provided by the program, if there is one: an answer of the worker. */
  readonly pageferryHear?: (message: FromSession) => Promise<void>;
}

const driven = globalThis as Driven;
const hear = (message: FromSession): void => void driven.pageferryHear?.(message);

const worker = new Worker(new URL('./worker.ts', import.meta.url), { type: 'module' });
worker.addEventListener('message', (event: MessageEvent<FromSession>) => hear(event.data));
worker.addEventListener('error', (event) => {
  const message = event.message || 'the session worker could not start';
  hear({ type: 'bench-failed', reason: 'bug', field: null, message });
});
document.addEventListener('visibilitychange', () => worker.postMessage({ type: 'hidden', hidden: document.hidden }));
driven.pageferrySend = (message) => worker.postMessage(message);
