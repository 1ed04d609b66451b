// A browser in a process of its own (tools/bench-browser.mjs), and the messages of the session worker on its page.
import { fork, type ChildProcess } from 'node:child_process';
import type { FromBench, ToBench } from '../src/lab/bench/bench-protocol.ts';
import { BROWSER_VARIABLE } from '../tools/launch-contract.mjs';
import { CommandError, EXIT } from './exit.ts';

/** What the program says by itself. */
type FromProgram =
  | { readonly type: 'ready'; readonly browser: string }
  | { readonly type: 'unavailable'; readonly message: string }
  | { readonly type: 'gone'; readonly message: string };

type Progress = Extract<FromBench, { type: 'bench-progress' }>;
export type Answer = Exclude<FromBench, Progress>;
type Heard = FromProgram | FromBench;

export interface OpenBrowser {
  /** Program and version. */
  readonly name: string;
  send(message: ToBench): void;
  /** The next report or failure; `progress` hears what comes before. Rejects with CommandError when the browser ends. */
  answer(progress: (message: Progress) => void): Promise<Answer>;
  close(): void;
}

/**
 * Opens the benchmark's page, with the machine's own GPU drivers or with the software one. Throws CommandError (3) where
 * there is no browser.
 */
export async function openBrowser(kind: 'hardware' | 'software', env = process.env): Promise<OpenBrowser> {
  const program = env[BROWSER_VARIABLE];
  if (program === undefined)
    throw new CommandError(EXIT.noAdapter, '--in is "browser", but a packed runner brings no browser: use a checkout');
  // Standard output belongs to the result.
  const child = fork(program, [kind], { stdio: ['ignore', 2, 2, 'ipc'], execArgv: [] });
  const next = inbox(child);
  const first = await next();
  if (first.type === 'ready') return connected(child, first.browser, next);
  if (child.connected) child.disconnect();
  throw new CommandError(EXIT.noAdapter, `--in is "browser", but ${'message' in first ? first.message : first.type}`);
}

function connected(child: ChildProcess, name: string, next: () => Promise<Heard>): OpenBrowser {
  return {
    name,
    send: (message) => void child.send(message),
    answer: async (progress) => {
      for (;;) {
        const heard = await next();
        if (heard.type === 'bench-progress') progress(heard);
        else if (heard.type === 'bench-result' || heard.type === 'bench-failed') return heard;
        else throw new CommandError(EXIT.unfinished, `${name}: ${'message' in heard ? heard.message : heard.type}`);
      }
    },
    close: () => {
      if (child.connected) child.disconnect();
    },
  };
}

/** Messages in the order in which they came; after the last one, that the program is gone. */
function inbox(child: ChildProcess): () => Promise<Heard> {
  const messages: Heard[] = [];
  let wake = (): void => {};
  const hear = (message: Heard): void => {
    messages.push(message);
    wake();
  };
  child.on('message', (message) => hear(message as Heard));
  child.once('exit', (status) => hear({ type: 'gone', message: `the program ended with ${status ?? 'a signal'}` }));
  child.once('error', (error) => hear({ type: 'unavailable', message: error.message }));
  return async (): Promise<Heard> => {
    for (;;) {
      const message = messages.shift();
      if (message !== undefined) return message;
      await new Promise<void>((resolve) => (wake = resolve));
    }
  };
}
