import { KeyRound } from 'lucide-react';

const NAMES: Record<string, string> = { google: 'Google', github: 'GitHub', gitlab: 'GitLab' };

/** How people know a provider of sign-in. */
export function providerName(name: string): string {
  return NAMES[name] ?? name.charAt(0).toUpperCase() + name.slice(1);
}

export function ProviderIcon({ name }: { name: string }) {
  switch (name) {
    case 'google':
      return (
        <svg viewBox="0 0 24 24" width="18" height="18" aria-hidden="true">
          <path
            fill="#4285f4"
            d="M23.5 12.3c0-.9-.1-1.5-.2-2.2H12v4.2h6.6c-.1 1-.9 2.6-2.5 3.7l3.7 2.9c2.3-2.1 3.7-5 3.7-8.6z"
          />
          <path
            fill="#34a853"
            d="M12 24c3.2 0 6-1.1 7.9-2.9l-3.7-2.9c-1 .7-2.4 1.2-4.2 1.2-3.1 0-5.8-2.1-6.8-5l-3.8 3A12 12 0 0 0 12 24z"
          />
          <path fill="#fbbc05" d="M5.2 14.4a7.3 7.3 0 0 1 0-4.8l-3.8-3a12 12 0 0 0 0 10.8z" />
          <path
            fill="#ea4335"
            d="M12 4.7c2.2 0 3.7.9 4.5 1.8L19.9 3A12 12 0 0 0 1.4 6.6l3.8 3c1-2.9 3.7-4.9 6.8-4.9z"
          />
        </svg>
      );
    case 'github':
      return (
        <svg viewBox="0 0 16 16" width="18" height="18" fill="currentColor" aria-hidden="true">
          <path d="M8 0a8 8 0 0 0-2.5 15.6c.4.1.5-.2.5-.4v-1.4c-2.2.5-2.7-1-2.7-1-.4-.9-.9-1.2-.9-1.2-.7-.5.1-.5.1-.5.8.1 1.2.8 1.2.8.7 1.3 1.9.9 2.3.7.1-.5.3-.9.5-1.1-1.8-.2-3.6-.9-3.6-4 0-.9.3-1.6.8-2.1-.1-.2-.4-1 .1-2.1 0 0 .7-.2 2.2.8a7.5 7.5 0 0 1 4 0c1.5-1 2.2-.8 2.2-.8.4 1.1.2 1.9.1 2.1.5.6.8 1.3.8 2.1 0 3.1-1.9 3.7-3.7 3.9.3.3.6.8.6 1.5v2.2c0 .2.1.5.6.4A8 8 0 0 0 8 0z" />
        </svg>
      );
    default:
      return <KeyRound size={18} aria-hidden="true" />;
  }
}
