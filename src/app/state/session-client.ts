// The page's end of the worker protocol: sends typed messages, hands typed answers to one receiver, can start afresh.
import type { FromSession, ToSession } from '../../lab/session/protocol.ts';

/** What a session runs behind: a Worker, or a stand-in under test. */
export interface SessionPort {
  postMessage(message: ToSession, transfer: Transferable[]): void;
  terminate(): void;
  onmessage: ((event: MessageEvent) => void) | null;
  onerror: ((event: ErrorEvent) => void) | null;
}

export interface SessionReceiver {
  receive(message: FromSession): void;
  /** The worker itself broke: nothing more will come from it. */
  broke(message: string): void;
}

export class SessionClient {
  readonly #open: () => SessionPort;
  readonly #receiver: SessionReceiver;
  #port: SessionPort;

  constructor(open: () => SessionPort, receiver: SessionReceiver) {
    this.#open = open;
    this.#receiver = receiver;
    this.#port = this.#connect();
  }

  send(message: ToSession, transfer: Transferable[] = []): void {
    this.#port.postMessage(message, transfer);
  }

  /** Ends the worker and opens a new one, with a device of its own; late messages of the old one are not heard. */
  reopen(): void {
    this.#port.onmessage = null;
    this.#port.onerror = null;
    this.#port.terminate();
    this.#port = this.#connect();
  }

  #connect(): SessionPort {
    const port = this.#open();
    port.onmessage = (event: MessageEvent<FromSession>) => this.#receiver.receive(event.data);
    port.onerror = (event) => this.#receiver.broke(event.message || 'the session worker could not start');
    return port;
  }
}
