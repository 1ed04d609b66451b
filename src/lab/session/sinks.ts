// Forwards the model's events to several listeners, in the order in which they were added.
import type { Ns } from '../../base/units.ts';
import type { EventSink, ModelEvent } from '../../model/event/event.ts';

export class Sinks implements EventSink {
  readonly all: EventSink[] = [];

  emit(now: Ns, event: ModelEvent): void {
    for (const sink of this.all) sink.emit(now, event);
  }
}
