// The commands of the page: ids are stable, every one has its key here and nowhere else.
import type { Command } from './state/commands.ts';
import type { Preferences } from './state/preferences.ts';
import type { Session } from './state/session.ts';
import type { Help } from './ui/help.ts';
import type { Inspector } from './ui/inspector.ts';
import type { Tabs } from './ui/tabs.ts';
import type { TraceDrop } from './ui/trace-drop.ts';

export interface CommandTargets {
  readonly session: Session;
  readonly preferences: Preferences;
  readonly help: Help;
  readonly inspector: Inspector;
  readonly tabs: Tabs;
  readonly traces: TraceDrop;
  resetView(): void;
}

export function standardCommands(on: CommandTargets): Command[] {
  const { session, preferences, help, inspector, tabs, traces } = on;
  return [
    { id: 'run-pause', title: 'Run or pause', key: ' ', run: () => session.runOrPause() },
    { id: 'step', title: 'One step of the workload, then pause', key: '.', run: () => session.step() },
    { id: 'reset', title: 'Start the run over with the settings shown', key: 'r', run: () => session.start() },
    { id: 'record', title: 'Record: verify, store a report, download it', key: 's', run: () => session.record() },
    { id: 'open-trace', title: 'Open a trace', key: 'o', run: () => traces.choose() },
    { id: 'search', title: 'Go to an address', key: '/', run: () => inspector.focusSearch() },
    { id: 'reset-view', title: 'Reset the view', key: 'v', run: () => on.resetView() },
    { id: 'theme', title: 'Dark or light', key: 't', run: () => preferences.flipTheme() },
    { id: 'tab-bench', title: 'Bench', key: '1', run: () => tabs.toggle('bench') },
    { id: 'tab-reports', title: 'Reports', key: '2', run: () => tabs.toggle('reports') },
    { id: 'tab-log', title: 'Log', key: '3', run: () => tabs.toggle('log') },
    { id: 'help', title: 'This list', key: '?', run: () => help.toggle() },
    {
      id: 'cancel',
      title: 'Let go of the chosen page; close what is open',
      key: 'escape',
      run: () => leave(inspector),
    },
  ];
}

function leave(inspector: Inspector): void {
  if (document.activeElement instanceof HTMLElement) document.activeElement.blur();
  inspector.selected.set(null);
}
