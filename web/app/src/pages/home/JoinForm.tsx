import { ArrowRight } from 'lucide-react';
import { type FormEvent, useId, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useNavigate } from 'react-router';
import { Button } from '../../ui/Button.tsx';
import { meetingPath } from './code.ts';
import styles from './JoinForm.module.css';

/** Takes a link or a code to its meeting. */
export function JoinForm() {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const id = useId();
  const [text, setText] = useState('');
  const [wrong, setWrong] = useState(false);

  const go = (event: FormEvent) => {
    event.preventDefault();
    const path = meetingPath(text);
    setWrong(path === null);
    if (path) navigate(path);
  };

  return (
    <form onSubmit={go} className={styles.form} noValidate>
      <label htmlFor={id}>{t('join.label')}</label>
      <div className={styles.line}>
        <input
          id={id}
          value={text}
          onChange={(event) => {
            setText(event.target.value);
            setWrong(false);
          }}
          placeholder={t('join.placeholder')}
          autoComplete="off"
          autoCapitalize="none"
          spellCheck={false}
          aria-invalid={wrong || undefined}
          aria-describedby={wrong ? `${id}-wrong` : undefined}
        />
        <Button type="submit" icon={<ArrowRight />}>
          {t('join.action')}
        </Button>
      </div>
      {wrong && (
        <p id={`${id}-wrong`} className={styles.wrong} role="alert">
          {t('join.wrong')}
        </p>
      )}
    </form>
  );
}
