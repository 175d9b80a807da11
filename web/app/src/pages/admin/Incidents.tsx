import type { IncidentBody } from '@plenum/client';
import { ShieldCheck } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { useSearchParams } from 'react-router';
import { useFormat } from '../../i18n/format.ts';
import { Badge } from '../../ui/Badge.tsx';
import { Button } from '../../ui/Button.tsx';
import { SelectField } from '../../ui/Field.tsx';
import styles from './Admin.module.css';
import { Table } from './Table.tsx';
import { useAdminQuery } from './useAdmin.ts';

const KINDS = ['cut', 'refused', 'failed'] as const;
/** Those of which there is more to say than their name. */
const CODES = [
  'too_much_queued',
  'too_old',
  'session_ended',
  'draining',
  'undeliverable',
  'tunnel_broken',
  'unfinished',
  'by_admin',
  'rate_limited',
  'too_many_sockets',
  'too_many_rooms',
  'not_admin',
  'store_unavailable',
  'busy',
  'internal',
  'backend_unavailable',
  'backend_timeout',
] as const;

/** Why somebody was cut or refused, and what was the server's own fault. */
export function Incidents() {
  const { t } = useTranslation('admin');
  const format = useFormat();
  const [search, setSearch] = useSearchParams();
  const [user, name, kind] = ['user', 'name', 'kind'].map((field) => search.get(field) ?? undefined);
  const incidents = useAdminQuery(['incidents', user, kind], (admin, call) =>
    admin.incidents({ ...(user ? { user } : {}), ...(kind ? { kind } : {}) }, call),
  );
  const choose = (chosen: string) =>
    setSearch({
      tab: 'incidents',
      ...(user ? { user } : {}),
      ...(name ? { name } : {}),
      ...(chosen ? { kind: chosen } : {}),
    });
  const why = ({ code }: IncidentBody) => {
    const known = CODES.find((one) => one === code);
    return known ? t(`incidents.codes.${known}`) : code;
  };

  return (
    <>
      <p className={styles.lead}>{t('incidents.lead')}</p>
      <div className={styles.find}>
        <SelectField
          label={t('incidents.kind')}
          value={kind ?? ''}
          onChange={(event) => choose(event.target.value)}
        >
          <option value="">{t('incidents.any')}</option>
          {KINDS.map((one) => (
            <option key={one} value={one}>
              {t(`incidents.kinds.${one}`)}
            </option>
          ))}
        </SelectField>
        {user && (
          <>
            <p>{name ? t('incidents.of', { name }) : t('incidents.ofUser', { id: user })}</p>
            <Button onClick={() => setSearch({ tab: 'incidents', ...(kind ? { kind } : {}) })}>
              {t('incidents.all')}
            </Button>
          </>
        )}
      </div>
      <Table
        label={t('tabs.incidents')}
        query={incidents}
        none={t('incidents.none')}
        icon={<ShieldCheck />}
        columns={[
          t('incidents.when'),
          t('incidents.who'),
          t('incidents.kind'),
          t('incidents.why'),
          t('incidents.where'),
        ]}
        row={(one) => (
          <tr key={`${one.process} ${one.firstAt} ${one.kind} ${one.code} ${one.userId} ${one.about}`}>
            <th scope="row" className={styles.nowrap}>
              {format.dateTime(one.lastAt)}
              {one.count > 1 && (
                <span className={styles.quiet}>{t('incidents.times', { count: one.count })}</span>
              )}
            </th>
            <td>
              {one.username ?? one.userId ?? t('incidents.nobody')}
              {one.username && <span className={styles.quiet}>{one.userId}</span>}
            </td>
            <td>
              <Badge tone={one.kind === 'failed' ? 'warning' : 'neutral'}>
                {t(`incidents.kinds.${KINDS.find((kind) => kind === one.kind) ?? 'failed'}`)}
              </Badge>
            </td>
            <td className={styles.words}>
              {why(one)}
              <span className={styles.quiet}>
                <code>{one.code}</code>
              </span>
            </td>
            <td>
              {one.about}
              <span className={styles.quiet}>{one.process}</span>
            </td>
            <td />
          </tr>
        )}
      />
    </>
  );
}
