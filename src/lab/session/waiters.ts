// Callers who wait for one result together: all of them are answered, with the result or with the reason why there is none.

interface Waiter<T> {
  readonly resolve: (value: T) => void;
  readonly reject: (reason: Error) => void;
}

export class Waiters<T> {
  private all: Waiter<T>[] = [];

  wait(): Promise<T> {
    return new Promise((resolve, reject) => this.all.push({ resolve, reject }));
  }

  resolve(value: T): void {
    for (const waiter of this.take()) waiter.resolve(value);
  }

  reject(reason: Error): void {
    for (const waiter of this.take()) waiter.reject(reason);
  }

  private take(): Waiter<T>[] {
    const taken = this.all;
    this.all = [];
    return taken;
  }
}
