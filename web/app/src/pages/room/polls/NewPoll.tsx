import type { Meeting } from '@plenum/client';
import { Plus, X } from 'lucide-react';
import { useFieldArray, useForm } from 'react-hook-form';
import { useTranslation } from 'react-i18next';
import { useFormProblems } from '../../../problems.ts';
import { Button, IconButton } from '../../../ui/Button.tsx';
import { CheckField, TextField } from '../../../ui/Field.tsx';
import { Notice } from '../../../ui/Notice.tsx';
import styles from './PollsPanel.module.css';

const FEWEST = 2;
const MOST = 10;

interface Fields {
  question: string;
  options: { text: string }[];
  multiple: boolean;
}

export function NewPoll({ meeting, onDone }: { meeting: Meeting; onDone: () => void }) {
  const { t } = useTranslation('room');
  const { t: common } = useTranslation();
  const form = useForm<Fields>({
    defaultValues: { question: '', options: [{ text: '' }, { text: '' }], multiple: false },
  });
  const options = useFieldArray({ control: form.control, name: 'options' });
  const { errors, isSubmitting } = form.formState;
  const showProblems = useFormProblems<Fields>(form);

  const submit = form.handleSubmit(async ({ question, options, multiple }) => {
    const texts = options.map(({ text }) => text.trim());
    const twice = texts.findIndex((text, place) => texts.indexOf(text) !== place);
    if (twice >= 0) {
      form.setError(`options.${twice}.text`, { message: t('polls.twice') }, { shouldFocus: true });
      return;
    }
    try {
      await meeting.openPoll(question.trim(), texts, { multiple });
      onDone();
    } catch (error) {
      showProblems(error);
    }
  });
  const needed = (text: string) => text.trim() !== '' || t('polls.needed');

  return (
    <form className={styles.new} onSubmit={submit} noValidate>
      {errors.root?.message && <Notice tone="danger">{errors.root.message}</Notice>}
      <TextField
        label={t('polls.question')}
        maxLength={300}
        autoFocus
        autoComplete="off"
        error={errors.question?.message}
        {...form.register('question', { validate: needed })}
      />
      {options.fields.map((field, place) => (
        <div key={field.id} className={styles.optionLine}>
          <TextField
            label={t('polls.option', { number: place + 1 })}
            maxLength={100}
            autoComplete="off"
            error={errors.options?.[place]?.text?.message}
            {...form.register(`options.${place}.text`, { validate: needed })}
          />
          {options.fields.length > FEWEST && (
            <IconButton
              icon={<X />}
              label={t('polls.removeOption', { number: place + 1 })}
              onClick={() => options.remove(place)}
            />
          )}
        </div>
      ))}
      {options.fields.length < MOST && (
        <Button size="small" variant="quiet" icon={<Plus />} onClick={() => options.append({ text: '' })}>
          {t('polls.addOption')}
        </Button>
      )}
      <CheckField label={t('polls.multiple')} {...form.register('multiple')} />
      <div className={styles.foot}>
        <Button size="small" variant="quiet" onClick={onDone}>
          {common('cancel')}
        </Button>
        <Button type="submit" size="small" variant="primary" busy={isSubmitting}>
          {t('polls.start')}
        </Button>
      </div>
    </form>
  );
}
