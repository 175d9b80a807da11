import type { CSSProperties } from 'react';
import styles from './Skeleton.module.css';

/** The place of something that is still loading. */
export function Skeleton({ width = '100%', height = '1rem' }: { width?: string; height?: string }) {
  const size: CSSProperties = { width, height };
  return <span className={styles.skeleton} style={size} aria-hidden="true" />;
}
