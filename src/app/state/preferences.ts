// Choices of the viewer that are no part of a run: theme and motion. Kept in this browser; a refusal to store is no error.
import { Cell } from './cell.ts';

export const THEMES = ['dark', 'light', 'system'] as const;
export type Theme = (typeof THEMES)[number];
export const MOTIONS = ['system', 'full', 'reduced'] as const;
export type Motion = (typeof MOTIONS)[number];

export class Preferences {
  readonly theme = new Cell<Theme>(stored('theme', THEMES, 'dark'));
  readonly motion = new Cell<Motion>(stored('motion', MOTIONS, 'system'));
  /** What the theme comes to on this system. */
  readonly shade: Cell<'dark' | 'light'>;
  /** True when nothing should fly. */
  readonly still: Cell<boolean>;

  constructor() {
    const light = matchMedia('(prefers-color-scheme: light)');
    const calm = matchMedia('(prefers-reduced-motion: reduce)');
    this.shade = new Cell(shadeOf(this.theme.value, light.matches));
    this.still = new Cell(isStill(this.motion.value, calm.matches));
    const update = (): void => {
      this.shade.set(shadeOf(this.theme.value, light.matches));
      this.still.set(isStill(this.motion.value, calm.matches));
    };
    light.addEventListener('change', update);
    calm.addEventListener('change', update);
    this.theme.watch((theme) => (store('theme', theme), update()));
    this.motion.watch((motion) => (store('motion', motion), update()));
    this.shade.watch((shade) => (document.documentElement.dataset.theme = shade));
  }

  /** To the other of dark and light. */
  flipTheme(): void {
    this.theme.set(this.shade.value === 'dark' ? 'light' : 'dark');
  }
}

function shadeOf(theme: Theme, light: boolean): 'dark' | 'light' {
  return theme === 'system' ? (light ? 'light' : 'dark') : theme;
}

function isStill(motion: Motion, calm: boolean): boolean {
  return motion === 'system' ? calm : motion === 'reduced';
}

function stored<T extends string>(key: string, allowed: readonly T[], fallback: T): T {
  try {
    const value = localStorage.getItem(`pageferry.${key}`);
    return allowed.find((one) => one === value) ?? fallback;
  } catch {
    return fallback;
  }
}

function store(key: string, value: string): void {
  try {
    localStorage.setItem(`pageferry.${key}`, value);
  } catch {
    // Storage may be forbidden; the choice then lasts as long as the page.
  }
}
