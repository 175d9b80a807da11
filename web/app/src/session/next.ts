const HOME = '/meetings';
const STORED = 'plenum.next';

/** A path of this app, never an address elsewhere. */
function ownPath(path: string | null): string | null {
  return path !== null && /^\/(?![/\\])/.test(path) ? path : null;
}

/** Where to go after a login. */
export function nextPath(query: URLSearchParams): string {
  const next = query.has('oauth_success') ? sessionStorage.getItem(STORED) : query.get('next');
  return ownPath(next) ?? HOME;
}

/** Before somebody leaves to sign in elsewhere: nothing but this tab knows then where they wanted to go. */
export function keepNext(query: URLSearchParams): void {
  sessionStorage.setItem(STORED, nextPath(query));
}

/** The same wish, for another page that leads to a login. */
export function withNext(path: string, query: URLSearchParams): string {
  const next = query.get('next');
  return next === null ? path : `${path}?${new URLSearchParams({ next })}`;
}
