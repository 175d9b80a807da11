/** A code as people are told it, and an id. */
const CODE = /^[a-z]{4}-?[a-z]{4}-?[a-z]{4}$/i;
const ID = /^[A-Za-z0-9_-]{1,128}$/;

/** Where a link or a code that somebody was given leads in this app; null when it is neither. */
export function meetingPath(text: string): string | null {
  const typed = text.trim();
  if (CODE.test(typed))
    return `/m/${typed
      .toLowerCase()
      .replaceAll('-', '')
      .replace(/(.{4})(?=.)/g, '$1-')}`;
  if (ID.test(typed)) return `/meetings/${typed}`;
  const address = /^https?:\/\//i.test(typed) ? typed : `https://${typed}`;
  if (!URL.canParse(address)) return null;
  const [, kind, id] = new URL(address).pathname.match(/\/(meetings|m)\/([^/]+)/) ?? [];
  return id && ID.test(id) ? `/${kind}/${id}` : null;
}
