// The session worker: owns the compute device, so that nothing on the page can enter a measurement.
import { CATALOGUE } from '../bench/cases/catalogue.ts';
import { WorkerSession } from './lab/session/worker-session.ts';
import type { FromSession, ToSession } from './lab/session/protocol.ts';

/** The part of a worker's global scope used here; the project's types describe a window. */
interface WorkerScope {
  readonly navigator: Omit<Navigator, 'gpu'> & { readonly gpu?: GPU };
  postMessage(message: FromSession, transfer: Transferable[]): void;
  addEventListener(type: 'message', listener: (event: MessageEvent<ToSession>) => void): void;
}

const scope = self as unknown as WorkerScope;

const session = new WorkerSession({
  gpu: scope.navigator.gpu,
  navigator: scope.navigator,
  wall: () => performance.now(),
  catalogue: CATALOGUE,
  post: (message, transfer = []) => scope.postMessage(message, transfer),
});

scope.addEventListener('message', (event) => session.handle(event.data));
