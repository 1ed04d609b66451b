// Which browser is found, in which order, and with which arguments it starts.
import { describe, expect, test } from 'vitest';
import { browserArgs, chooseBrowser, systemPlaces } from '../../tools/browser.mjs';

function machine(platform: string, files: string[], env: Record<string, string> = {}, npmUsable = false) {
  return { platform, env, npmUsable, exists: (path: string) => files.includes(path) };
}

const CHROMIUM = '/usr/bin/chromium';
const CHROME = '/usr/bin/google-chrome';

describe('the choice', () => {
  test('is CHROME_PATH before anything else', () => {
    const here = machine('linux', [CHROMIUM, '/opt/mine'], { CHROME_PATH: '/opt/mine' }, true);
    expect(chooseBrowser(here)).toEqual({ source: 'CHROME_PATH', path: '/opt/mine' });
  });

  test('is Chrome before Chromium, and either before the packed one', () => {
    expect(chooseBrowser(machine('linux', [CHROMIUM, CHROME], {}, true))?.path).toBe(CHROME);
    expect(chooseBrowser(machine('linux', [CHROMIUM], {}, true))).toEqual({ source: 'system', path: CHROMIUM });
  });

  test('is the packed one where there is no other', () => {
    expect(chooseBrowser(machine('linux', [], {}, true))).toEqual({ source: 'npm', path: '' });
  });

  test('is none on a machine that has none', () => {
    expect(chooseBrowser(machine('linux', []))).toBeUndefined();
    expect(chooseBrowser(machine('darwin', []))).toBeUndefined();
    expect(chooseBrowser(machine('win32', []))).toBeUndefined();
  });

  test.each([
    ['npm', 'npm'],
    ['system', 'system'],
    ['', 'system'],
  ])('with PAGEFERRY_BROWSER=%s comes from %s', (forced, source) => {
    const here = machine('linux', [CHROMIUM], { PAGEFERRY_BROWSER: forced }, true);
    expect(chooseBrowser(here)?.source).toBe(source);
  });

  test('of the packed one alone overrides CHROME_PATH', () => {
    const env = { CHROME_PATH: CHROMIUM, PAGEFERRY_BROWSER: 'npm' };
    expect(chooseBrowser(machine('linux', [CHROMIUM], env, true))?.source).toBe('npm');
  });

  test('finds a browser on PATH', () => {
    const here = machine('linux', ['/nix/bin/chromium'], { PATH: '/nowhere::/nix/bin' });
    expect(chooseBrowser(here)?.path).toBe('/nix/bin/chromium');
  });
});

describe('a wrong wish', () => {
  test('for a CHROME_PATH that does not exist is refused', () => {
    expect(() => chooseBrowser(machine('linux', [CHROMIUM], { CHROME_PATH: '/typo' }))).toThrow('/typo');
  });

  test('for an unknown source is refused', () => {
    expect(() => chooseBrowser(machine('linux', [], { PAGEFERRY_BROWSER: 'firefox' }))).toThrow('npm or system');
  });
});

describe('the usual places', () => {
  test('of macOS include those of the user', () => {
    const places = systemPlaces('darwin', { HOME: '/Users/ada' });
    expect(places[0]).toBe('/Applications/Google Chrome.app/Contents/MacOS/Google Chrome');
    expect(places).toContain('/Users/ada/Applications/Chromium.app/Contents/MacOS/Chromium');
  });

  test('of Windows follow its variables', () => {
    const places = systemPlaces('win32', { PROGRAMFILES: 'C:\\Program Files', LOCALAPPDATA: 'C:\\L' });
    expect(places[0]).toBe('C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe');
    expect(places).toContain('C:\\L\\Google\\Chrome\\Application\\chrome.exe');
    expect(places.some((place) => place.includes('undefined'))).toBe(false);
  });
});

describe('the arguments', () => {
  test('grow from compute to canvas to device loss on Linux', () => {
    const [compute, canvas, loss] = (['compute', 'canvas', 'device-loss'] as const).map((one) =>
      browserArgs(one, 'linux'),
    );
    expect(canvas).toEqual(expect.arrayContaining(compute as string[]));
    expect(loss).toEqual(expect.arrayContaining(canvas as string[]));
    expect(loss).toContain('--disable-domain-blocking-for-3d-apis');
  });

  test('of hardware name no software adapter, and still allow WebGPU', () => {
    const args = browserArgs('hardware', 'linux');
    expect(args).toContain('--enable-unsafe-webgpu');
    expect(args.join(' ')).not.toContain('swiftshader');
    expect(browserArgs('compute', 'linux').join(' ')).toContain('swiftshader');
  });

  test('leave the GPU of other systems alone', () => {
    expect(browserArgs('canvas', 'darwin')).toEqual(['--enable-unsafe-webgpu']);
  });
});
