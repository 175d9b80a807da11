import { useRest } from '@plenum/client';
import { type CSSProperties, useState } from 'react';
import styles from './Avatar.module.css';

interface AvatarProps {
  name: string;
  picture: string | null;
  /** In rem. */
  size?: number;
}

/** Somebody's picture, or their initials on a colour that stays theirs. The name stands beside it, so it is not spoken. */
export function Avatar({ name, picture, size = 2.25 }: AvatarProps) {
  const rest = useRest();
  const address = rest.users.pictureAddress(picture);
  const [broken, setBroken] = useState<string | null>(null);
  const style = { '--size': `${size}rem`, '--hue': hue(name) } as CSSProperties;
  return (
    <span className={styles.avatar} style={style} data-initials={initials(name)} aria-hidden="true">
      {address && address !== broken && <img src={address} alt="" onError={() => setBroken(address)} />}
    </span>
  );
}

function initials(name: string): string {
  const words = name.trim().split(/\s+/);
  const letters = words.length > 1 ? [words[0], words.at(-1)] : [words[0]];
  return letters
    .map((word) => Array.from(word ?? '')[0] ?? '')
    .join('')
    .toLocaleUpperCase();
}

function hue(name: string): number {
  let sum = 0;
  for (const letter of name) sum = (sum * 31 + (letter.codePointAt(0) ?? 0)) % 360;
  return sum;
}
