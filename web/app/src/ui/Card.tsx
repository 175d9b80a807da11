import type { HTMLAttributes } from 'react';
import styles from './Card.module.css';
import { classes } from './classes.ts';

export function Card({ className, ...props }: HTMLAttributes<HTMLDivElement>) {
  return <div {...props} className={classes(styles.card, className)} />;
}
