import type { Reaction } from '@plenum/client';
import type { CSSProperties } from 'react';
import styles from './Floating.module.css';

/** Reactions of the moment, which rise and go. */
export function Floating({ reactions }: { reactions: Reaction[] }) {
  return (
    <div className={styles.floating} aria-hidden="true">
      {reactions.map(({ id, reaction, username }) => (
        <div key={id} className={styles.reaction} style={{ '--place': (id * 37) % 100 } as CSSProperties}>
          <span className={styles.emoji}>{reaction}</span>
          <span className={styles.name}>{username}</span>
        </div>
      ))}
    </div>
  );
}
