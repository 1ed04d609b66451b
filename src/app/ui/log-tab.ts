// The newest lines of the run's log, as the driver would print them; the view follows the end unless the reader scrolled up.
import type { Session } from '../state/session.ts';
import { el, setText } from './dom.ts';

const KEPT_LINES = 400;
const REDRAW_MS = 400;

export function mountLog(into: HTMLElement, session: Session): void {
  const lines: string[] = [];
  const text = el('pre', { class: 'log', tabindex: 0, 'aria-label': 'Log' });
  into.append(text);
  let lastMs = -Infinity;
  session.snapshot.watch((snapshot) => {
    if (snapshot === null) return;
    if (snapshot.index === 0) lines.length = 0;
    lines.push(...snapshot.marks.map((mark) => `── ${mark}`), ...snapshot.log);
    if (lines.length > KEPT_LINES) lines.splice(0, lines.length - KEPT_LINES);
    const now = performance.now();
    if (into.hidden || now - lastMs < REDRAW_MS) return;
    lastMs = now;
    const follows = text.scrollTop + text.clientHeight >= text.scrollHeight - 8;
    setText(text, lines.join('\n') || 'nothing yet');
    if (follows) text.scrollTop = text.scrollHeight;
  });
}
