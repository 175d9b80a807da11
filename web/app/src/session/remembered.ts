const STORED = 'plenum.signed-in';

/** Whether somebody was signed in here the last time: a guess, until the server has said who is. */
export function remembered(): boolean {
  return localStorage.getItem(STORED) !== null;
}

export function remember(signedIn: boolean): void {
  if (signedIn) localStorage.setItem(STORED, 'yes');
  else localStorage.removeItem(STORED);
}
