// Where the browser is that shows the web client.
export const CHROMIUM = process.env.CHROMIUM || "/usr/bin/chromium";
