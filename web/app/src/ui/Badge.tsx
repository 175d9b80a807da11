import type { ReactNode } from 'react';
import styles from './Badge.module.css';
import { classes } from './classes.ts';

interface BadgeProps {
  tone?: 'neutral' | 'accent' | 'danger' | 'warning';
  /** A dot that breathes: something goes on right now. */
  live?: boolean;
  children: ReactNode;
}

export function Badge({ tone = 'neutral', live = false, children }: BadgeProps) {
  return (
    <span className={classes(styles.badge, styles[tone])}>
      {live && <span className={styles.dot} aria-hidden="true" />}
      {children}
    </span>
  );
}
