import { useRest } from '@plenum/client';
import { BookCheck, Download } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { useSearchParams } from 'react-router';
import { useFormat } from '../../i18n/format.ts';
import { Button } from '../../ui/Button.tsx';
import styles from './Admin.module.css';
import { Table } from './Table.tsx';
import { useAdminQuery } from './useAdmin.ts';

/** Acts of a page: as many means that there may be earlier ones. */
const PAGE = 100;

/** What admins and operators did. */
export function Audit() {
  const { t } = useTranslation('admin');
  const rest = useRest();
  const format = useFormat();
  const [search, setSearch] = useSearchParams();
  const before = Number(search.get('before')) || undefined;
  const acts = useAdminQuery(['audit', `${before}`], (admin, call) => admin.audit(before, call));
  const last = acts.data?.length === PAGE ? acts.data.at(-1) : undefined;

  return (
    <>
      <p className={styles.lead}>{t('audit.lead')}</p>
      <div>
        <Button icon={<Download />} onClick={() => location.assign(rest.admin.exportAddress())}>
          {t('audit.export')}
        </Button>
      </div>
      <Table
        label={t('tabs.audit')}
        query={acts}
        none={t('audit.none')}
        icon={<BookCheck />}
        columns={[
          t('audit.when'),
          t('audit.who'),
          t('audit.what'),
          t('audit.target'),
          t('audit.reason'),
          t('audit.outcome'),
        ]}
        row={(act) => (
          <tr key={act.number}>
            <th scope="row" className={styles.nowrap}>
              {format.dateTime(act.at)}
            </th>
            <td>
              {act.actor}
              <span className={styles.quiet}>{act.address}</span>
            </td>
            <td>
              <code>{act.act}</code>
            </td>
            <td>
              <span className={styles.quiet}>{act.target}</span>
            </td>
            <td>{act.reason}</td>
            <td>
              <code>{act.outcome}</code>
            </td>
            <td />
          </tr>
        )}
      />
      {last && (
        <div>
          <Button onClick={() => setSearch({ tab: 'audit', before: `${last.number}` })}>
            {t('audit.more')}
          </Button>
        </div>
      )}
    </>
  );
}
