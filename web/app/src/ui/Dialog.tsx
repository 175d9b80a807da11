import { X } from 'lucide-react';
import { type ReactNode, useId, useLayoutEffect, useRef } from 'react';
import { useTranslation } from 'react-i18next';
import { IconButton } from './Button.tsx';
import styles from './Dialog.module.css';

/** Where the focus goes; without a field the browser chooses the first button. */
const FIRST_FIELD = 'input:not([hidden], [type="file"]), select, textarea';

interface DialogProps {
  title: string;
  children: ReactNode;
  /** Asked to close: by Escape, by the cross, or by a press beside it. */
  onClose: () => void;
  /** A press beside it does not close it: what is in it would be lost. */
  sticky?: boolean;
}

/** A modal dialog, open for as long as it is rendered. The browser's own: it keeps the focus, and gives it back. */
export function Dialog({ title, children, onClose, sticky = false }: DialogProps) {
  const { t } = useTranslation();
  const id = useId();
  const dialog = useRef<HTMLDialogElement>(null);

  // Before it leaves the page, so that closing gives the focus back.
  useLayoutEffect(() => {
    const shown = dialog.current;
    shown?.showModal();
    shown?.querySelector<HTMLElement>(FIRST_FIELD)?.focus();
    return () => shown?.close();
  }, []);

  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: Escape does with keys what a press beside it does.
    <dialog
      ref={dialog}
      className={styles.dialog}
      aria-labelledby={id}
      onCancel={(event) => {
        event.preventDefault();
        onClose();
      }}
      onClick={(event) => {
        if (!sticky && event.target === dialog.current) onClose();
      }}
    >
      <div className={styles.inside}>
        <header className={styles.header}>
          <h2 id={id}>{title}</h2>
          <IconButton size="small" label={t('close')} icon={<X />} onClick={onClose} />
        </header>
        {children}
      </div>
    </dialog>
  );
}

/** The buttons below, the one that goes on last. */
export function DialogActions({ children }: { children: ReactNode }) {
  return <div className={styles.actions}>{children}</div>;
}
