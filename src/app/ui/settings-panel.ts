// The panel of settings: one control for each field of the scenario, in the schema's words; refusals stand under their field.
import { GUI, type Controller } from 'lil-gui';
import { chunkWarning } from '../../lab/session/scenario.ts';
import { fieldAt, getField, scenarioFields, toText, type FieldInfo } from '../../lab/session/scenario-fields.ts';
import type { Commands } from '../state/commands.ts';
import { MOTIONS, THEMES, type Preferences } from '../state/preferences.ts';
import type { Session } from '../state/session.ts';
import { chunkChips } from './chunk-chips.ts';
import { button, el, setText } from './dom.ts';
import { nearestStop, stopsOf } from './field-stops.ts';

const GROUPS = ['migration', 'machine', 'workload', 'policy', 'engine', 'run'] as const;
/** The rest is a click away. */
const OPEN: ReadonlySet<string> = new Set(['migration', 'machine', 'workload', 'run']);

export function mountSettings(into: HTMLElement, session: Session, preferences: Preferences, commands: Commands): void {
  const gui = new GUI({ container: into, title: 'Settings' });
  gui.domElement.setAttribute('role', 'form');
  gui.domElement.setAttribute('aria-label', 'Settings');
  for (const group of GROUPS) {
    const folder = gui.addFolder(group.charAt(0).toUpperCase() + group.slice(1));
    for (const field of scenarioFields()) if (field.group === group) addField(folder, field, session);
    if (!OPEN.has(group)) folder.close();
  }
  addView(gui, preferences, commands);
  into.append(pendingBar(session, commands));
}

/** A control that shows text and hands text to the draft, which judges it. */
function addField(folder: GUI, field: FieldInfo, session: Session): void {
  const shown = { value: shownValue(field, session) };
  const controller = controllerFor(folder, shown, field);
  const line = el('p', { class: 'field-message', role: 'alert', hidden: true });
  const change = (text: string): void => void session.draft.change(field.path, text);
  controller.onFinishChange((value: unknown) => change(String(value)));
  dress(controller, field, change, session);
  controller.domElement.append(line);
  session.draft.wanted.watch(() => {
    shown.value = shownValue(field, session);
    controller.updateDisplay();
    showMessage(line, field, session);
    controller.domElement.classList.toggle('pending', session.draft.pending().includes(field.path));
  });
  session.draft.running.watch(() => controller.domElement.classList.toggle('pending', isPending(field, session)));
  session.draft.refusals.watch(() => showMessage(line, field, session));
}

function isPending(field: FieldInfo, session: Session): boolean {
  return session.draft.pending().includes(field.path);
}

function shownValue(field: FieldInfo, session: Session): string | boolean {
  const value = getField(session.draft.wanted.value, field.path);
  return field.kind === 'boolean' ? value === true : toText(field, value);
}

function controllerFor(folder: GUI, shown: { value: string | boolean }, field: FieldInfo): Controller {
  const controller =
    field.choices === null ? folder.add(shown, 'value') : folder.add(shown, 'value', [...field.choices]);
  return controller.name(field.label);
}

function dress(controller: Controller, field: FieldInfo, change: (text: string) => void, session: Session): void {
  const { domElement, $widget } = controller;
  domElement.dataset.path = field.path;
  domElement.title = `${field.help}\nAllowed: ${field.allowed}. ${field.live ? 'Takes effect at once.' : 'Applies on Reset.'}`;
  domElement.classList.toggle('live', field.live);
  domElement.querySelector('input, select')?.setAttribute('aria-label', field.label);
  const unit = field.unit === 'bytes' ? '' : field.unit;
  if (unit !== '') $widget.append(el('span', { class: 'unit' }, unit));
  const stops = stopsOf(field.path);
  if (stops !== null) $widget.prepend(slider(field, stops, change, session));
  if (field.kind === 'chunks') $widget.prepend(chunkChips(field, change, session));
}

function slider(
  field: FieldInfo,
  stops: readonly string[],
  change: (text: string) => void,
  session: Session,
): HTMLElement {
  const range = el('input', {
    type: 'range',
    min: 0,
    max: stops.length - 1,
    step: 1,
    'aria-label': `${field.label}, stops`,
  });
  const event = field.live ? 'input' : 'change';
  range.addEventListener(event, () => change(stops[Number(range.value)] as string));
  session.draft.wanted.watch((scenario) => {
    const text = toText(field, getField(scenario, field.path));
    range.value = String(nearestStop(stops, text));
    range.setAttribute('aria-valuetext', `${text} ${field.unit}`.trim());
  });
  return range;
}

function showMessage(line: HTMLElement, field: FieldInfo, session: Session): void {
  const refusal = session.draft.refusals.value.get(field.path);
  const warning = field.kind === 'chunks' ? chunkWarning(session.draft.wanted.value) : null;
  const text = refusal ?? warning ?? '';
  line.hidden = text === '';
  line.classList.toggle('refused', refusal !== undefined);
  setText(line, text);
}

function addView(gui: GUI, preferences: Preferences, commands: Commands): void {
  const folder = gui.addFolder('View');
  const shown = { theme: preferences.theme.value, motion: preferences.motion.value };
  const theme = folder.add(shown, 'theme', [...THEMES]).name('Theme');
  theme.onChange(() => preferences.theme.set(shown.theme));
  const motion = folder.add(shown, 'motion', [...MOTIONS]).name('Motion');
  motion.onChange(() => preferences.motion.set(shown.motion));
  preferences.theme.watch((value) => {
    shown.theme = value;
    theme.updateDisplay();
  });
  folder.add({ reset: () => commands.run('reset-view') }, 'reset').name('Reset view');
}

/** Says which changes wait, and applies them. */
function pendingBar(session: Session, commands: Commands): HTMLElement {
  const text = el('span', {});
  const bar = el('div', { class: 'pending-bar', hidden: true, role: 'status' }, text);
  bar.append(
    button('Reset now', { class: 'primary', title: 'Start over with these settings (r)' }, () => commands.run('reset')),
  );
  const update = (): void => {
    const waiting = session.draft.pending();
    bar.hidden = waiting.length === 0;
    const names = waiting.map((path) => fieldAt(path)?.label ?? path).join(', ');
    setText(text, `${names}: applies on Reset.`);
  };
  session.draft.wanted.watch(update);
  session.draft.running.watch(update);
  return bar;
}
