// Composes the page: state, then the shell at once, then what is heavy (panel, charts, scene) after the first paint.
import type { Report } from '../lab/measure/report.ts';
import { Commands } from './state/commands.ts';
import { hashComplaint, hashOfScenario, scenarioFromHash } from './state/page-scenario.ts';
import { mendLanguage } from './state/language.ts';
import { Preferences } from './state/preferences.ts';
import type { SessionPort } from './state/session-client.ts';
import { Session } from './state/session.ts';
import { mountBench } from './ui/bench-tab.ts';
import { place } from './ui/dom.ts';
import { Help } from './ui/help.ts';
import { Inspector } from './ui/inspector.ts';
import { mountLog } from './ui/log-tab.ts';
import { mountSessionNotices, Notices, recordedNotice } from './ui/notices.ts';
import { download, ReportsTab } from './ui/reports-tab.ts';
import { HoverLabel, mountSceneFrame } from './ui/scene-frame.ts';
import { Tabs } from './ui/tabs.ts';
import { mountTopBar } from './ui/top-bar.ts';
import { TraceDrop } from './ui/trace-drop.ts';
import { standardCommands } from './standard-commands.ts';

const TABS = [
  { id: 'bench', label: 'Bench' },
  { id: 'reports', label: 'Reports' },
  { id: 'log', label: 'Log' },
];

/** Below this height the tabs start folded, so that the picture has room. */
const ROOMY_PIXELS = 840;

/** The rest comes after this even when the session says nothing. */
const MOST_PATIENCE_MS = 1500;

/** Starts the page on whatever `open` connects to; returns its session. */
export function startApp(open: () => SessionPort): Session {
  const preferences = new Preferences();
  const address = scenarioFromHash(location.hash);
  const session = new Session(open, address.scenario);
  const commands = new Commands();
  const notices = new Notices();
  const inspector = new Inspector(place('inspector'), session);
  const tabs = new Tabs(place('tabs'), TABS, innerHeight >= ROOMY_PIXELS ? 'log' : null);
  const traces = traceDrop(session);
  mountTopBar(session, commands, { choose: (path, value) => choose(session, traces, path, value) });
  mountSessionNotices(session, notices);
  const scene = new LateScene();
  const help = new Help(commands);
  commands.add(
    ...standardCommands({ session, preferences, help, inspector, tabs, traces, resetView: () => scene.resetView() }),
  );
  commands.listen(document);
  mountRecords(session, tabs, notices);
  followAddress(session, notices, address);
  document.addEventListener('visibilitychange', () => session.hidden(document.hidden));
  session.start();
  if (document.hidden) session.hidden(true);
  afterPaint(() => void mountHeavy(session, preferences, commands, inspector, scene));
  return session;
}

function traceDrop(session: Session): TraceDrop {
  const opened = (trace: { name: string; bytes: ArrayBuffer }): void => {
    session.trace = trace;
    session.draft.change('workload.name', 'trace');
    session.start();
  };
  return new TraceDrop(opened, (message) => session.complaint.set(message));
}

/** A choice in the top bar starts over at once; a trace is asked for where none is open. */
function choose(session: Session, traces: TraceDrop, path: string, value: string): void {
  if (value === 'trace' && session.trace === null) return traces.choose();
  if (session.draft.change(path, value)) session.start();
}

function mountRecords(session: Session, tabs: Tabs, notices: Notices): void {
  mountBench(tabs.panel('bench'), session);
  mountLog(tabs.panel('log'), session);
  const reports = new ReportsTab(tabs.panel('reports'), (message) => session.complaint.set(message));
  const keep = async (report: Report): Promise<void> => {
    // A run that ends by itself leaves its report too; only Record asked for a file.
    const asked = session.recording;
    session.recording = false;
    await reports.add(report);
    if (!asked) return;
    download(report);
    notices.show({ ...recordedNotice(report), action: { label: 'Show reports', run: () => tabs.open('reports') } });
  };
  session.report.watch((report) => report !== null && void keep(report));
}

/** The address follows the scenario; an address that was pasted or stepped back to starts its run. */
function followAddress(session: Session, notices: Notices, first: ReturnType<typeof scenarioFromHash>): void {
  const tell = (from: ReturnType<typeof scenarioFromHash>): void => {
    const text = hashComplaint(from);
    if (text === null) return notices.hide('address');
    notices.show({ key: 'address', kind: 'warning', text, dismiss: () => {} });
  };
  tell(first);
  let writing = false;
  session.draft.wanted.watch((scenario) => {
    // The first call finds the scenario of the address itself: what was not understood stays readable there.
    if (writing) history.replaceState(null, '', hashOfScenario(scenario) || location.pathname + location.search);
    writing = true;
  });
  addEventListener('hashchange', () => {
    const from = scenarioFromHash(location.hash);
    tell(from);
    session.draft.replace(from.scenario);
    session.start();
  });
}

/** The session opens its device first: on a small machine everything else would be in its way. */
function firstSnapshot(session: Session): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, MOST_PATIENCE_MS);
    session.snapshot.watch((snapshot) => snapshot !== null && resolve());
  });
}

/** The scene arrives late and may be asked for early. */
class LateScene {
  view: { resetView(): void } | null = null;

  resetView(): void {
    this.view?.resetView();
  }
}

async function mountHeavy(
  session: Session,
  preferences: Preferences,
  commands: Commands,
  inspector: Inspector,
  scene: LateScene,
): Promise<void> {
  await firstSnapshot(session);
  void mountScene(session, preferences, inspector, scene);
  mendLanguage();
  const [{ mountSettings }, { mountCharts }] = await Promise.all([
    import('./ui/settings-panel.ts'),
    import('./ui/charts.ts'),
  ]);
  mountSettings(place('settings'), session, preferences, commands);
  mountCharts(place('charts'), session, preferences);
}

async function mountScene(
  session: Session,
  preferences: Preferences,
  inspector: Inspector,
  late: LateScene,
): Promise<void> {
  const into = place('scene');
  const [{ SceneView }, { drawsInSoftware }] = await Promise.all([
    import('./scene/scene.ts'),
    import('./scene/start-picture.ts'),
  ]);
  const label = new HoverLabel(into, session);
  const view = new SceneView(into, session, preferences, await drawsInSoftware(), {
    select: (page) => inspector.selected.set(page),
    hover: (hovered, x, y) => label.show(hovered, x, y),
    started: (kind) => (into.dataset.picture = kind),
  });
  late.view = view;
  mountSceneFrame(into, session);
  await view.start();
  into.classList.add('ready');
  performance.mark('pageferry:picture');
  inspector.selected.watch((page) => view.mark(page));
}

function afterPaint(work: () => void): void {
  requestAnimationFrame(() => setTimeout(work, 0));
}
