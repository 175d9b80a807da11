import { ChevronDown, Eye, EyeOff } from 'lucide-react';
import {
  type ComponentProps,
  type InputHTMLAttributes,
  type ReactNode,
  type SelectHTMLAttributes,
  type TextareaHTMLAttributes,
  useId,
  useState,
} from 'react';
import { useTranslation } from 'react-i18next';
import { IconButton } from './Button.tsx';
import { classes } from './classes.ts';
import styles from './Field.module.css';

interface Labelled {
  label: string;
  hint?: ReactNode;
  /** What is wrong with it. */
  error?: string;
  /** Says that it may stay empty. */
  optional?: boolean;
}

interface FieldProps extends Labelled {
  children: (control: {
    id: string;
    'aria-describedby': string | undefined;
    'aria-invalid': true | undefined;
  }) => ReactNode;
}

/** A label, a control, a hint, and what is wrong: tied together for who can't see them side by side. */
export function Field({ label, hint, error, optional, children }: FieldProps) {
  const { t } = useTranslation();
  const id = useId();
  const described = [error && `${id}-error`, hint && `${id}-hint`].filter(Boolean).join(' ');
  return (
    <div className={styles.field}>
      <label htmlFor={id} className={styles.label}>
        {label}
        {optional && <span className={styles.optional}>{t('optional')}</span>}
      </label>
      {children({
        id,
        'aria-describedby': described || undefined,
        'aria-invalid': error ? true : undefined,
      })}
      {error && (
        <p id={`${id}-error`} className={styles.error}>
          {error}
        </p>
      )}
      {hint && (
        <p id={`${id}-hint`} className={styles.hint}>
          {hint}
        </p>
      )}
    </div>
  );
}

type TextFieldProps = Labelled &
  InputHTMLAttributes<HTMLInputElement> & { ref?: ComponentProps<'input'>['ref'] };

export function TextField({ label, hint, error, optional, className, ...props }: TextFieldProps) {
  return (
    <Field label={label} hint={hint} error={error} optional={optional}>
      {(control) => <input {...props} {...control} className={classes(styles.control, className)} />}
    </Field>
  );
}

/** A password, which can be shown while it is typed. */
export function PasswordField({ label, hint, error, optional, ...props }: TextFieldProps) {
  const { t } = useTranslation();
  const [shown, setShown] = useState(false);
  return (
    <Field label={label} hint={hint} error={error} optional={optional}>
      {(control) => (
        <div className={styles.withButton}>
          <input
            {...props}
            {...control}
            type={shown ? 'text' : 'password'}
            className={styles.control}
            autoCapitalize="none"
            spellCheck={false}
          />
          <IconButton
            size="small"
            label={t(shown ? 'hidePassword' : 'showPassword')}
            icon={shown ? <EyeOff /> : <Eye />}
            onClick={() => setShown(!shown)}
          />
        </div>
      )}
    </Field>
  );
}

/** The digits of a mail or an authenticator app, which the browser may fill in; or a recovery code. */
export function CodeField({ recovery = false, ...props }: TextFieldProps & { recovery?: boolean }) {
  return (
    <TextField
      {...props}
      autoComplete="one-time-code"
      inputMode={recovery ? 'text' : 'numeric'}
      autoCapitalize="none"
      spellCheck={false}
      className={styles.code}
    />
  );
}

type SelectFieldProps = Labelled &
  SelectHTMLAttributes<HTMLSelectElement> & { ref?: ComponentProps<'select'>['ref'] };

export function SelectField({ label, hint, error, optional, children, ...props }: SelectFieldProps) {
  return (
    <Field label={label} hint={hint} error={error} optional={optional}>
      {(control) => (
        <div className={styles.withIcon}>
          <select {...props} {...control} className={styles.control}>
            {children}
          </select>
          <ChevronDown aria-hidden="true" />
        </div>
      )}
    </Field>
  );
}

type TextAreaFieldProps = Labelled &
  TextareaHTMLAttributes<HTMLTextAreaElement> & { ref?: ComponentProps<'textarea'>['ref'] };

export function TextAreaField({ label, hint, error, optional, ...props }: TextAreaFieldProps) {
  return (
    <Field label={label} hint={hint} error={error} optional={optional}>
      {(control) => <textarea {...props} {...control} className={classes(styles.control, styles.area)} />}
    </Field>
  );
}

type CheckFieldProps = InputHTMLAttributes<HTMLInputElement> & {
  label: string;
  hint?: string;
  ref?: ComponentProps<'input'>['ref'];
};

export function CheckField({ label, hint, ...props }: CheckFieldProps) {
  const id = useId();
  return (
    <div className={styles.check}>
      <input {...props} type="checkbox" id={id} aria-describedby={hint ? `${id}-hint` : undefined} />
      <div>
        <label htmlFor={id}>{label}</label>
        {hint && (
          <p id={`${id}-hint`} className={styles.hint}>
            {hint}
          </p>
        )}
      </div>
    </div>
  );
}
