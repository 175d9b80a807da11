// Before anything is painted, so that no page flashes in the other theme. src/theme.ts changes it later.
(() => {
  let theme = null;
  try {
    theme = localStorage.getItem('plenum.theme');
  } catch {
    // Without storage the system's theme counts.
  }
  if (theme === 'light' || theme === 'dark') document.documentElement.dataset.theme = theme;
})();
