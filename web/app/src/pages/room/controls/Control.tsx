import { Toolbar } from 'radix-ui';
import type { ComponentProps, ReactNode } from 'react';
import { classes } from '../../../ui/classes.ts';
import { Spinner } from '../../../ui/Spinner.tsx';
import styles from './Control.module.css';

interface ControlProps extends Omit<ComponentProps<typeof Toolbar.Button>, 'children'> {
  label: string;
  /** The key that does the same. */
  shortcut?: string;
  icon: ReactNode;
  /** `on` and `off` are a device; `active` is what goes on, or is open. */
  tone: 'plain' | 'on' | 'off' | 'active' | 'leave';
  busy?: boolean;
  /** What is new, counted; or that something waits to be looked at. */
  badge?: number | boolean;
  /** A number beside the icon. */
  count?: number;
  expanded?: boolean;
}

/** A button of the bar: an icon, whose name is spoken and shown as a hint. */
export function Control({
  label,
  shortcut,
  icon,
  tone,
  busy = false,
  badge = false,
  count,
  expanded,
  ...props
}: ControlProps) {
  return (
    <Toolbar.Button
      {...props}
      className={classes(styles.control, styles[tone])}
      aria-label={label}
      aria-keyshortcuts={shortcut}
      aria-expanded={expanded ?? props['aria-expanded']}
      title={shortcut ? `${label} (${shortcut})` : label}
    >
      {busy ? <Spinner /> : icon}
      {count !== undefined && <span className={styles.count}>{count}</span>}
      {badge === true && <span className={styles.dot} />}
      {typeof badge === 'number' && badge > 0 && <span className={styles.badge}>{badge}</span>}
    </Toolbar.Button>
  );
}
