// Express reads NODE_ENV when an application is made, so this is imported first.
process.env.NODE_ENV ??= "production";

export function port(fallback) {
  return integer("PORT", fallback);
}

export function integer(name, fallback) {
  const value = process.env[name];
  if (value === undefined || value === "") return fallback;
  const number = Number(value);
  if (!Number.isInteger(number) || number < 0) {
    console.error(`${name} must be a whole number, not ${value}`);
    process.exit(2);
  }
  return number;
}

export function text(name, fallback) {
  return process.env[name] || fallback;
}
