import { X } from 'lucide-react';
import { type ReactNode, useEffect, useId, useRef } from 'react';
import { useTranslation } from 'react-i18next';
import { IconButton } from '../../ui/Button.tsx';
import styles from './Panel.module.css';

interface PanelProps {
  title: string;
  actions?: ReactNode;
  onClose: () => void;
  children: ReactNode;
}

/** Beside the stage; on small screens, a sheet above it. */
export function Panel({ title, actions, onClose, children }: PanelProps) {
  const { t } = useTranslation('room');
  const id = useId();
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    // A field inside that asked for the focus keeps it.
    const panel = heading.current?.closest('aside');
    if (!panel?.contains(document.activeElement)) heading.current?.focus({ preventScroll: true });
  }, []);
  return (
    <aside className={styles.panel} aria-labelledby={id}>
      <header className={styles.header}>
        <h2 id={id} ref={heading} tabIndex={-1}>
          {title}
        </h2>
        {actions}
        <IconButton size="small" icon={<X />} label={t('panel.close', { panel: title })} onClick={onClose} />
      </header>
      {children}
    </aside>
  );
}
