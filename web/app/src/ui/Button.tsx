import type { ComponentProps, ReactNode } from 'react';
import { Link, type LinkProps } from 'react-router';
import styles from './Button.module.css';
import { classes } from './classes.ts';
import { Spinner } from './Spinner.tsx';

interface Look {
  /** `primary` once on a page; `danger` for what can't be undone. */
  variant?: 'primary' | 'secondary' | 'quiet' | 'danger';
  size?: 'small' | 'medium' | 'large';
  icon?: ReactNode;
  wide?: boolean;
}

type ButtonProps = ComponentProps<'button'> & Look & { busy?: boolean };

function look({ variant = 'secondary', size = 'medium', wide }: Look, className?: string): string {
  return classes(styles.button, styles[variant], styles[size], wide && styles.wide, className);
}

export function Button({
  variant,
  size,
  icon,
  wide,
  busy = false,
  className,
  children,
  ...props
}: ButtonProps) {
  return (
    <button
      type="button"
      {...props}
      className={look({ variant, size, wide }, className)}
      disabled={props.disabled || busy}
      aria-busy={busy || undefined}
    >
      {busy ? <Spinner /> : icon}
      {children}
    </button>
  );
}

/** A link that looks like a button. */
export function ButtonLink({ variant, size, icon, wide, className, children, ...props }: LinkProps & Look) {
  return (
    <Link {...props} className={look({ variant, size, wide }, className)}>
      {icon}
      {children}
    </Link>
  );
}

type IconButtonProps = Omit<ButtonProps, 'children' | 'wide'> & { label: string };

/** A button that shows an icon only; its label is spoken, and shown as a hint. */
export function IconButton({ label, className, variant = 'quiet', ...props }: IconButtonProps) {
  return (
    <Button
      {...props}
      variant={variant}
      className={classes(styles.iconOnly, className)}
      aria-label={label}
      title={label}
    />
  );
}
