import { CircleAlert, CircleCheck, Info, X } from 'lucide-react';
import { createContext, type ReactNode, useCallback, useContext, useMemo, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Button, IconButton } from './Button.tsx';
import { classes } from './classes.ts';
import styles from './Toast.module.css';

const SHOWN_MS = 6_000;
const MOST = 3;

const ICONS = { success: CircleCheck, danger: CircleAlert, info: Info };

/** What can be done about a notice. */
export interface ToastAction {
  label: string;
  act: () => void;
}

interface Shown {
  id: number;
  tone: keyof typeof ICONS;
  text: string;
  action: ToastAction | undefined;
}

interface Toasts {
  success: (text: string) => void;
  problem: (text: string) => void;
  info: (text: string, action?: ToastAction) => void;
}

const ToastContext = createContext<Toasts | null>(null);

interface ToastProviderProps {
  children: ReactNode;
  /** Where there is a corner of its own for a part of the app: its place, and what it is called. */
  className?: string;
  label?: string;
}

/** Short notices in a corner, spoken when they come. They wait while the pointer or the focus is on them. */
export function ToastProvider({ children, className, label }: ToastProviderProps) {
  const { t } = useTranslation();
  const [shown, setShown] = useState<Shown[]>([]);
  const next = useRef(0);
  const timers = useRef(new Map<number, ReturnType<typeof setTimeout>>());

  const close = useCallback((id: number) => {
    clearTimeout(timers.current.get(id));
    timers.current.delete(id);
    setShown((before) => before.filter((toast) => toast.id !== id));
  }, []);

  const expire = useCallback(
    (id: number) => {
      clearTimeout(timers.current.get(id));
      timers.current.set(
        id,
        setTimeout(() => close(id), SHOWN_MS),
      );
    },
    [close],
  );

  const toasts = useMemo<Toasts>(() => {
    const show = (tone: Shown['tone'], text: string, action?: ToastAction) => {
      next.current += 1;
      const toast = { id: next.current, tone, text, action };
      setShown((before) => [...before.filter((other) => other.text !== text), toast].slice(-MOST));
      expire(toast.id);
    };
    return {
      success: (text) => show('success', text),
      problem: (text) => show('danger', text),
      info: (text, action) => show('info', text, action),
    };
  }, [expire]);

  const hold = () => {
    for (const { id } of shown) clearTimeout(timers.current.get(id));
  };
  const release = () => {
    for (const { id } of shown) expire(id);
  };

  return (
    <ToastContext value={toasts}>
      {children}
      <section
        className={classes(styles.corner, className)}
        aria-label={label ?? t('notices')}
        aria-live="polite"
        onPointerEnter={hold}
        onPointerLeave={release}
        onFocus={hold}
        onBlur={release}
      >
        {shown.map(({ id, tone, text, action }) => {
          const Icon = ICONS[tone];
          const act = () => {
            action?.act();
            close(id);
          };
          return (
            <div key={id} className={classes(styles.toast, styles[tone])}>
              <Icon aria-hidden="true" />
              <p>{text}</p>
              {action && (
                <Button size="small" variant="primary" onClick={act}>
                  {action.label}
                </Button>
              )}
              <IconButton size="small" label={t('close')} icon={<X />} onClick={() => close(id)} />
            </div>
          );
        })}
      </section>
    </ToastContext>
  );
}

export function useToasts(): Toasts {
  const toasts = useContext(ToastContext);
  if (!toasts) throw new Error('ToastProvider is missing above this component');
  return toasts;
}
