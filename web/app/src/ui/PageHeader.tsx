import { type ReactNode, useEffect, useRef } from 'react';
import styles from './PageHeader.module.css';

interface PageHeaderProps {
  title: string;
  /** Beside the title: badges. */
  aside?: ReactNode;
  children?: ReactNode;
  actions?: ReactNode;
}

/** The title of a page: also that of the window, and where the focus goes when the page opens. */
export function PageHeader({ title, aside, children, actions }: PageHeaderProps) {
  return (
    <header className={styles.header}>
      <div className={styles.words}>
        <div className={styles.line}>
          <PageTitle>{title}</PageTitle>
          {aside}
        </div>
        {children && <div className={styles.lead}>{children}</div>}
      </div>
      {actions && <div className={styles.actions}>{actions}</div>}
    </header>
  );
}

export function PageTitle({ children, className }: { children: string; className?: string }) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    document.title = `${children} · Plenum`;
  }, [children]);
  useEffect(() => {
    // A field that asked for the focus keeps it.
    if (!document.activeElement?.matches('input, select, textarea'))
      heading.current?.focus({ preventScroll: true });
  }, []);
  return (
    <h1 ref={heading} tabIndex={-1} className={className}>
      {children}
    </h1>
  );
}
