// Gives the page a language that Intl accepts: some headless browsers report one that it throws at, which stops uPlot from loading.
export function mendLanguage(): void {
  try {
    Intl.getCanonicalLocales(navigator.language);
  } catch {
    Object.defineProperty(navigator, 'language', { value: 'en-US', configurable: true });
  }
}
