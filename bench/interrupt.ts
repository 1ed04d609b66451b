// Ctrl-C: the first asks the run to stop and keep what it has, the second ends the process.
import { EXIT } from './exit.ts';

export interface Interrupt {
  readonly requested: () => boolean;
  /** Called once, at the first signal. */
  onRequest: () => void;
}

export function watchInterrupt(): Interrupt {
  let asked = false;
  const interrupt: Interrupt = { requested: () => asked, onRequest: () => {} };
  const handle = (): void => {
    if (asked) process.exit(EXIT.cancelled);
    asked = true;
    interrupt.onRequest();
  };
  process.on('SIGINT', handle);
  process.on('SIGTERM', handle);
  return interrupt;
}
