import type { MeetingBody, NewMeeting } from '@plenum/client';
import { useMemo } from 'react';
import { useForm } from 'react-hook-form';
import { useTranslation } from 'react-i18next';
import { useNavigate } from 'react-router';
import { useUsualPlaces } from '../../data/meetings.ts';
import { nextHalfHour, ownTimeZone } from '../../data/times.ts';
import { useFormat } from '../../i18n/format.ts';
import { useFormProblems } from '../../problems.ts';
import { Button } from '../../ui/Button.tsx';
import { Card } from '../../ui/Card.tsx';
import { CheckField, SelectField, TextAreaField, TextField } from '../../ui/Field.tsx';
import { Notice } from '../../ui/Notice.tsx';
import styles from './MeetingForm.module.css';

interface Fields {
  title: string;
  date: string;
  time: string;
  timeZone: string;
  estimatedDuration: string;
  maxParticipants: string;
  description: string;
  passcode: string;
  waitingRoom: boolean;
  guestsAllowed: boolean;
}

const FIELDS = {
  invalid_title: 'title',
  invalid_date: 'date',
  invalid_time: 'time',
  invalid_time_zone: 'timeZone',
  invalid_duration: 'estimatedDuration',
  invalid_capacity: 'maxParticipants',
  invalid_description: 'description',
  invalid_passcode: 'passcode',
} as const;

const DURATIONS = [15, 30, 45, 60, 90, 120, 180, 240, 480];
const TITLE_MAX = 200;
const DESCRIPTION_MAX = 5_000;
const PASSCODE_MAX = 32;

interface MeetingFormProps {
  /** The one to change; without it a new one. */
  meeting?: MeetingBody;
  action: string;
  onSubmit: (meeting: NewMeeting) => Promise<void>;
}

/** What its host decides about a meeting. Each group of options is a section of its own. */
export function MeetingForm({ meeting, action, onSubmit }: MeetingFormProps) {
  const { t } = useTranslation('meetings');
  const { t: common } = useTranslation();
  const navigate = useNavigate();
  const format = useFormat();
  const usualPlaces = useUsualPlaces();
  const form = useForm<Fields>({ defaultValues: useMemo(() => initial(meeting), [meeting]) });
  const { errors, isSubmitting } = form.formState;
  const showProblems = useFormProblems<Fields>(form, FIELDS);
  const needed = { required: t('form.needed') };

  const submit = form.handleSubmit(async (fields) => {
    try {
      await onSubmit(asked(fields));
    } catch (error) {
      showProblems(error);
    }
  });

  const minutes = meeting?.estimatedDuration;
  const durations = minutes && !DURATIONS.includes(minutes) ? [...DURATIONS, minutes] : DURATIONS;

  return (
    <form className={styles.form} onSubmit={submit} noValidate>
      {errors.root?.message && <Notice tone="danger">{errors.root.message}</Notice>}
      <Card className={styles.section}>
        <TextField
          label={t('form.title')}
          maxLength={TITLE_MAX}
          autoFocus={!meeting}
          autoComplete="off"
          error={errors.title?.message}
          {...form.register('title', needed)}
        />
        <TextAreaField
          label={t('form.description')}
          optional
          maxLength={DESCRIPTION_MAX}
          error={errors.description?.message}
          {...form.register('description')}
        />
      </Card>
      <Card className={styles.section}>
        <h2>{t('form.when')}</h2>
        <div className={styles.row}>
          <TextField
            label={t('form.date')}
            type="date"
            error={errors.date?.message}
            {...form.register('date', needed)}
          />
          <TextField
            label={t('form.time')}
            type="time"
            error={errors.time?.message}
            {...form.register('time', needed)}
          />
          <SelectField
            label={t('form.duration')}
            error={errors.estimatedDuration?.message}
            {...form.register('estimatedDuration')}
          >
            {durations.map((length) => (
              <option key={length} value={length}>
                {format.duration(length)}
              </option>
            ))}
          </SelectField>
        </div>
        <SelectField
          label={t('form.timeZone')}
          error={errors.timeZone?.message}
          {...form.register('timeZone')}
        >
          <TimeZones chosen={form.getValues('timeZone')} />
        </SelectField>
      </Card>
      <Card className={styles.section}>
        <h2>{t('form.who')}</h2>
        <TextField
          label={t('form.places')}
          hint={t('form.placesHint')}
          type="number"
          inputMode="numeric"
          min={1}
          placeholder={usualPlaces?.toString()}
          optional={!meeting}
          error={errors.maxParticipants?.message}
          className={styles.short}
          {...form.register('maxParticipants')}
        />
        <CheckField
          label={t('form.waitingRoom')}
          hint={t('form.waitingRoomHint')}
          {...form.register('waitingRoom')}
        />
        <CheckField
          label={t('form.guests')}
          hint={t('form.guestsHint')}
          {...form.register('guestsAllowed')}
        />
        <TextField
          label={t('form.passcode')}
          hint={t('form.passcodeHint')}
          optional
          maxLength={PASSCODE_MAX}
          autoComplete="off"
          autoCapitalize="none"
          spellCheck={false}
          error={errors.passcode?.message}
          className={styles.passcode}
          {...form.register('passcode')}
        />
      </Card>
      <div className={styles.actions}>
        <Button onClick={() => navigate(-1)}>{common('cancel')}</Button>
        <Button type="submit" variant="primary" busy={isSubmitting}>
          {action}
        </Button>
      </div>
    </form>
  );
}

function initial(meeting: MeetingBody | undefined): Fields {
  return {
    title: meeting?.title ?? '',
    description: meeting?.description ?? '',
    timeZone: meeting?.timeZone ?? ownTimeZone(),
    estimatedDuration: String(meeting?.estimatedDuration ?? 60),
    maxParticipants: meeting ? String(meeting.maxParticipants) : '',
    passcode: meeting?.passcode ?? '',
    waitingRoom: meeting?.waitingRoom ?? false,
    guestsAllowed: meeting?.guestsAllowed ?? false,
    ...(meeting ? { date: meeting.date, time: meeting.time } : nextHalfHour(new Date())),
  };
}

function asked(fields: Fields): NewMeeting {
  return {
    ...fields,
    estimatedDuration: Number(fields.estimatedDuration),
    maxParticipants: fields.maxParticipants === '' ? undefined : Number(fields.maxParticipants),
    passcode: fields.passcode.trim() || null,
  };
}

/** Every zone that the browser knows, by region, this device's own first. */
function TimeZones({ chosen }: { chosen: string }) {
  const { t } = useTranslation('meetings');
  const regions = useMemo(() => {
    const found = Map.groupBy(Intl.supportedValuesOf('timeZone'), (zone) => zone.split('/')[0] ?? zone);
    return [...found];
  }, []);
  const own = ownTimeZone();
  const first = [...new Set([own, chosen, 'UTC'])];
  return (
    <>
      <optgroup label={t('form.usualZones')}>
        {first.map((zone) => (
          <option key={zone} value={zone}>
            {zoneName(zone)}
          </option>
        ))}
      </optgroup>
      {regions.map(([region, zones]) => (
        <optgroup key={region} label={region}>
          {zones
            .filter((zone) => !first.includes(zone))
            .map((zone) => (
              <option key={zone} value={zone}>
                {zoneName(zone)}
              </option>
            ))}
        </optgroup>
      ))}
    </>
  );
}

function zoneName(zone: string): string {
  return zone.replaceAll('_', ' ').replaceAll('/', ' / ');
}
