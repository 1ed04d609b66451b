// Gives the event loop one turn (messages, cancel) without the 4 ms that nested timers cost in browsers.

const waiting: (() => void)[] = [];
let channel: MessageChannel | null = null;

/** Resolves in a later turn of the event loop. */
export function macrotask(): Promise<void> {
  if (typeof setImmediate === 'function') return new Promise((resolve) => setImmediate(resolve));
  return new Promise((resolve) => {
    waiting.push(resolve);
    port().postMessage(null);
  });
}

function port(): MessagePort {
  if (channel === null) {
    channel = new MessageChannel();
    channel.port1.onmessage = (): void => waiting.shift()?.();
  }
  return channel.port2;
}
