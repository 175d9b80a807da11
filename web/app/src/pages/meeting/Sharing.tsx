import type { MeetingBody } from '@plenum/client';
import { CalendarPlus, Download, ExternalLink } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { downloadCalendarFile, googleCalendar, meetingLink } from '../../data/calendar.ts';
import { Button } from '../../ui/Button.tsx';
import { CopyButton } from '../../ui/CopyButton.tsx';
import { Menu, MenuItem } from '../../ui/Menu.tsx';

/** Ways to tell others of a meeting, and oneself. */
export function Sharing({ meeting }: { meeting: MeetingBody }) {
  const { t } = useTranslation('meetings');
  const link = meetingLink(meeting);
  return (
    <>
      <CopyButton text={link} label={t('page.copyLink')} wide />
      {meeting.status === 'active' && (
        <Menu
          trigger={
            <Button icon={<CalendarPlus />} wide>
              {t('page.addToCalendar')}
            </Button>
          }
        >
          <MenuItem
            icon={<Download aria-hidden="true" />}
            onSelect={() => downloadCalendarFile(meeting, link)}
          >
            {t('page.calendarFile')}
          </MenuItem>
          <MenuItem asChild>
            <a href={googleCalendar(meeting, link)} target="_blank" rel="noreferrer">
              <ExternalLink aria-hidden="true" />
              {t('page.googleCalendar')}
            </a>
          </MenuItem>
        </Menu>
      )}
    </>
  );
}
